package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root is the repository, whose documents these tests hold to what is there.
const root = "../../.."

func documents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*.md", "examples/*/*.md", "services/*/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			found[path] = string(text)
		}
	}
	require.Greater(t, len(found), 10)
	return found
}

func TestTheReadmeFitsOnScreens(t *testing.T) {
	text := documents(t)[filepath.Join(root, "README.md")]
	require.LessOrEqual(t, strings.Count(text, "\n"), 120)
}

var (
	linkPattern    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingPattern = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fencePattern   = regexp.MustCompile("(?s)```.*?```")
)

// anchor returns how a heading is linked to.
func anchor(heading string) string {
	kept := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(kept, " ", "-")
}

func TestLinksLeadSomewhere(t *testing.T) {
	for path, text := range documents(t) {
		for _, link := range linkPattern.FindAllStringSubmatch(fencePattern.ReplaceAllString(text, ""), -1) {
			if strings.HasPrefix(link[1], "https://") {
				continue
			}
			file, fragment, _ := strings.Cut(link[1], "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			content, err := os.Stat(target)
			if !assert.NoError(t, err, "%s: %s", path, link[1]) || fragment == "" || content.IsDir() {
				continue
			}
			linked, err := os.ReadFile(target)
			require.NoError(t, err)
			headings := headingPattern.FindAllStringSubmatch(string(linked), -1)
			if !slices.ContainsFunc(headings, func(h []string) bool { return anchor(h[1]) == fragment }) {
				t.Errorf("%s: %s has no heading #%s", path, target, fragment)
			}
		}
	}
}

var (
	codePattern    = regexp.MustCompile("(?s)```[a-z]*\n(.*?)```|`([^`\n]+)`")
	commandPattern = regexp.MustCompile(`(?m)(?:^|[ (/$"])awslab ((?:[a-z-]|--)[^\n|&;)"]*)`)
	makePattern    = regexp.MustCompile(`(?m)(?:^|\$ )make ([a-z0-9-]+)`)
)

// code returns what stands between backticks.
func code(text string) []string {
	var found []string
	for _, match := range codePattern.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1]+match[2])
	}
	return found
}

func TestCommandsAndFlagsExist(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	commands := 0
	for path, text := range documents(t) {
		for _, snippet := range code(text) {
			for _, command := range commandPattern.FindAllStringSubmatch(snippet, -1) {
				checkCommand(t, path, strings.Fields(command[1]))
				commands++
			}
			for _, target := range makePattern.FindAllStringSubmatch(snippet, -1) {
				if !regexp.MustCompile(`(?m)^` + target[1] + `:`).Match(makefile) {
					t.Errorf("%s: there is no make %s", path, target[1])
				}
			}
		}
	}
	require.Greater(t, commands, 20)
}

func checkCommand(t *testing.T, path string, words []string) {
	t.Helper()
	cmd, rest, err := (&app{}).rootCommand().Find(words)
	if err != nil || !cmd.HasParent() && !strings.HasPrefix(words[0], "-") {
		t.Errorf("%s: there is no command awslab %s", path, words[0])
		return
	}
	for _, word := range rest {
		if name, isFlag := strings.CutPrefix(word, "--"); isFlag {
			name, _, _ = strings.Cut(name, "=")
			if name != "help" && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
				t.Errorf("%s: %s has no flag --%s", path, cmd.CommandPath(), name)
			}
		}
	}
}

// Every command has one sentence, an example that it takes itself, and its exit codes.
func TestHelpIsComplete(t *testing.T) {
	var check func(cmd *cobra.Command)
	check = func(cmd *cobra.Command) {
		if cmd.Name() == "completion" || cmd.Name() == "help" {
			return
		}
		require.NotEmpty(t, cmd.Short, cmd.CommandPath())
		require.NotEmpty(t, cmd.Example, cmd.CommandPath())
		if !cmd.HasSubCommands() {
			require.Contains(t, cmd.Long, "Exit codes:\n  0    success\n", cmd.CommandPath())
		}
		for _, command := range commandPattern.FindAllStringSubmatch(cmd.Example, -1) {
			checkCommand(t, cmd.CommandPath(), strings.Fields(command[1]))
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) { require.NotEmpty(t, flag.Usage, flag.Name) })
		for _, child := range cmd.Commands() {
			check(child)
		}
	}
	check((&app{}).rootCommand())
}

// keys returns the paths of the configuration's keys, such as services[].image.context.
func keys(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "infra", "config", "schema.json"))
	require.NoError(t, err)
	type schema struct {
		Ref         string             `json:"$ref"`
		Properties  map[string]*schema `json:"properties"`
		Items       *schema            `json:"items"`
		Additional  json.RawMessage    `json:"additionalProperties"`
		Definitions map[string]*schema `json:"$defs"`
	}
	var whole schema
	require.NoError(t, json.Unmarshal(text, &whole))
	found := map[string]bool{}
	var walk func(s *schema, prefix string)
	walk = func(s *schema, prefix string) {
		if name, isRef := strings.CutPrefix(s.Ref, "#/$defs/"); isRef {
			s = whole.Definitions[name]
		}
		for key, property := range s.Properties {
			found[prefix+key] = true
			walk(property, prefix+key+".")
			if property.Items != nil {
				walk(property.Items, prefix+key+"[].")
				walk(property.Items, prefix+key+".")
			}
			var each schema // of a map; false where there can be no more keys
			if json.Unmarshal(property.Additional, &each) == nil {
				walk(&each, prefix+key+".NAME.")
			}
		}
	}
	walk(&whole, "")
	return found
}

var topKey = regexp.MustCompile(`(?:^|[^/\w])awslab:([a-zA-Z]+)\b`)

func TestKeysExist(t *testing.T) {
	known := keys(t)
	groups := []string{}
	for key := range known {
		if group, _, nested := strings.Cut(key, "."); nested && !strings.Contains(group, "[") {
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	dotted := regexp.MustCompile(`^(` + strings.Join(slices.Compact(groups), "|") + `)(\[\])?(\.[A-Za-z]+)+$`)
	checked := 0
	for path, text := range documents(t) {
		if strings.HasSuffix(path, "policies.md") {
			continue // whose properties are those of AWS resources
		}
		for _, snippet := range code(text) {
			for _, key := range topKey.FindAllStringSubmatch(snippet, -1) {
				if !known[key[1]] && key[1] != "area" {
					t.Errorf("%s: there is no key awslab:%s", path, key[1])
				}
			}
			if dotted.MatchString(snippet) {
				checked++
				if !known[strings.ReplaceAll(snippet, "[]", "")] && !known[snippet] &&
					!strings.HasSuffix(snippet, ".md") {
					t.Errorf("%s: there is no key %s", path, snippet)
				}
			}
		}
	}
	require.Greater(t, checked, 20)
}
