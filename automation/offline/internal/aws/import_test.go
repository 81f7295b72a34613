package aws_test

import (
	"bufio"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// importCommand is a line of the SDK's documentation such as
// $ pulumi import aws:ecs/service:Service imported cluster-name/service-name
var importCommand = regexp.MustCompile(`^// \$ pulumi import (aws:\S+) \S+ (.+)$`)

// documentedImports returns the ids in the examples of the provider's documentation, by the types.
func documentedImports(t *testing.T) map[string][]string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6").Output()
	require.NoError(t, err)
	examples := map[string][]string{}
	root := filepath.Join(strings.TrimSpace(string(dir)), "go", "aws")
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if found := importCommand.FindStringSubmatch(lines.Text()); found != nil {
				examples[found[1]] = append(examples[found[1]], strings.Trim(strings.TrimSpace(found[2]), `"'`))
			}
		}
		return lines.Err()
	}))
	require.Greater(t, len(examples), 1000)
	return examples
}

var placeholder = regexp.MustCompile(`\{([^}]+)\}`)

// hasSlashes are properties whose values have the characters that separate the parts of an id.
var hasSlashes = map[string]bool{
	"destinationCidrBlock": true, "destinationIpv6CidrBlock": true, "key": true, "logGroup": true, "logGroupName": true,
	"queueUrl": true,
}

// undocumented are types whose documentation in the SDK has no example, or one that is out of date. Their ids are from
// the Terraform provider's documentation.
var undocumented = map[string]bool{
	token.Parameter:                 true, // any name, also /a/path
	token.Alias:                     true,
	"aws:sqs/queue:Queue":           true, // https://queue.amazonaws.com/..., which SQS no longer answers with
	token.WebACL:                    true, // id/name/scope
	"aws:wafv2/ruleGroup:RuleGroup": true,
}

// shape returns an expression for what a template makes.
func shape(template string) *regexp.Regexp {
	var expression strings.Builder
	at := 0
	for _, found := range placeholder.FindAllStringSubmatchIndex(template, -1) {
		expression.WriteString(regexp.QuoteMeta(template[at:found[0]]))
		switch name := template[found[2]:found[3]]; {
		case name[0] == '?':
			expression.WriteString("(" + regexp.QuoteMeta(name[1:2]) + "[^/|,]+)?")
		case name == "arn", strings.HasSuffix(name, "Arn"):
			expression.WriteString("arn:.+")
		case name == "resource":
			expression.WriteString("[^/]+/[^/]+")
		case hasSlashes[name]:
			expression.WriteString(".+")
		default:
			expression.WriteString("[^/|,]+")
		}
		at = found[1]
	}
	expression.WriteString(regexp.QuoteMeta(template[at:]))
	return regexp.MustCompile("^" + expression.String() + "$")
}

func TestImportIDsHaveTheFormThatTheProviderDocuments(t *testing.T) {
	documented := documentedImports(t)
	for typ, m := range allModels(t) {
		forms := m.Import
		if forms == nil && m.ID != "" {
			forms = []string{m.ID}
		}
		if undocumented[typ] || m.Import == nil && m.ID == "" {
			continue
		}
		for _, example := range documented[typ] {
			fits := slices.ContainsFunc(forms, func(form string) bool { return shape(form).MatchString(example) })
			assert.True(t, fits, "%s: %q is not of the form %q", typ, example, forms)
		}
		assert.Equal(t, len(documented[typ]) > 0, len(forms) > 0, "%s: importable", typ)
	}
}

// What comes back from an import is what the program says, but for what the provider does not read.
func TestImportsDifferOnlyInWhatTheProviderDoesNotRead(t *testing.T) {
	l := awstest.New(t, "us-east-1")
	models, have := allModels(t), things{}
	for _, s := range specimens {
		key := s.token
		if s.label != "" {
			key += " " + s.label
		}
		made := l.Create(s.token, "it", s.inputs(have))
		have[key] = made
		ids := models[s.token].ImportIDs(made.Id, l.ARN(made), values.View(made.State))
		if len(ids) == 0 {
			assert.Empty(t, models[s.token].Import, s.token)
			continue
		}
		imported, exists := l.Imported(s.token, ids[0])
		if !assert.True(t, exists, "%s: import of %q", s.token, ids[0]) {
			continue
		}
		assert.Equal(t, made.Id, imported.Id, s.token)
		for path := range awstest.Details(l.Diff(imported, made.Inputs)) {
			name, _, _ := strings.Cut(path, ".")
			name, _, _ = strings.Cut(name, "[")
			// The stand-in keeps no secret that it could return.
			unread := slices.Concat(models[s.token].Unread, models[s.token].Secrets)
			assert.Contains(t, unread, name, "%s: differs in %s", s.token, path)
		}
		_, failures := l.Check(s.token, "it", nil, imported.Inputs)
		for _, failure := range failures {
			assert.Contains(t, models[s.token].Unread, failure.GetProperty(), "%s: %s", s.token, failure.GetReason())
		}
		_, exists = l.Imported(s.token, "nothing-of-that-name/x")
		assert.False(t, exists, s.token)
	}
}
