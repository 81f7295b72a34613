//go:build mutation

package mutation_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/awslab/awslab/policy/internal/document"
)

// documents are the properties that hold IAM documents, by type. identity documents say what a role may do; the others
// who may do something to the resource.
var documents = map[string]struct {
	property string
	identity bool
}{
	"aws:iam/rolePolicy:RolePolicy":             {"policy", true},
	"aws:iam/role:Role":                         {"assumeRolePolicy", false},
	"aws:kms/key:Key":                           {"policy", false},
	"aws:s3/bucketPolicy:BucketPolicy":          {"policy", false},
	"aws:sns/topicPolicy:TopicPolicy":           {"policy", false},
	"aws:sqs/queuePolicy:QueuePolicy":           {"policy", false},
	"aws:ecr/repositoryPolicy:RepositoryPolicy": {"policy", false},
	"aws:efs/fileSystemPolicy:FileSystemPolicy": {"policy", false},
	"aws:backup/vaultPolicy:VaultPolicy":        {"policy", false},
}

// documentMutants widen each statement of a document in each way.
func documentMutants(t thing) []mutant {
	of, has := documents[t.kind]
	text, _ := t.inputs[of.property].(string)
	if !has || text == "" {
		return nil
	}
	var mutants []mutant
	for i, statement := range statementsOf(text) {
		ways := resourceWays(t, statement)
		if of.identity {
			ways = identityWays(statement)
		}
		for _, way := range ways {
			mutants = append(mutants, edited(t, fmt.Sprintf("statement %d: %s", i, way.what), func(p props) {
				p[of.property] = rewrite(p[of.property].(string), i, way.change)
			}))
		}
	}
	return mutants
}

// way is how a statement is widened.
type way struct {
	what   string
	change func(statement props)
}

func identityWays(s props) []way {
	if s["Effect"] != "Allow" {
		return nil
	}
	actions := list(s["Action"])
	service, _, _ := strings.Cut(actions[0], ":")
	ways := []way{
		{"every action of " + service, func(s props) { s["Action"] = service + ":*" }},
		{"everything", func(s props) { s["Action"], s["Resource"] = "*", "*"; delete(s, "Condition") }},
		{"all but one action", func(s props) { delete(s, "Action"); s["NotAction"] = "iam:*" }},
		{"the rights to take every right", func(s props) {
			s["Action"], s["Resource"] = []any{"iam:PutRolePolicy", "iam:AttachRolePolicy"}, "*"
			delete(s, "Condition")
		}},
	}
	// What knows nothing narrower is on everything already.
	if slices.ContainsFunc(actions, func(a string) bool { return !document.DemandsEverything(a) }) &&
		!slices.Contains(list(s["Resource"]), "*") {
		ways = append(ways, way{"every resource", func(s props) { s["Resource"] = "*"; delete(s, "Condition") }},
			way{"every resource but one", func(s props) { s["NotResource"] = s["Resource"]; delete(s, "Resource") }})
	}
	if kinds := ofKinds(list(s["Resource"])); len(kinds) > 0 && slices.ContainsFunc(actions, limitable) {
		ways = append(
			ways,
			way{"everything of a kind", func(s props) { s["Resource"] = kinds; delete(s, "Condition") }},
		)
	}
	if slices.Contains(actions, "iam:PassRole") {
		ways = append(ways, way{"passes roles to any service", func(s props) { delete(s, "Condition") }})
	}
	return ways
}

// limitable tells of actions that can be limited to a resource, and are not for finding out what there is.
func limitable(action string) bool {
	_, name, _ := strings.Cut(action, ":")
	return !document.DemandsEverything(action) && !strings.HasPrefix(name, "Describe") &&
		!strings.HasPrefix(name, "List")
}

// ofKinds widens ARNs such as table/items to table/*.
func ofKinds(arns []string) []any {
	var kinds []any
	for _, arn := range arns {
		start := strings.LastIndex(arn, ":") + 1
		kind, _, has := strings.Cut(arn[start:], "/")
		if wide := arn[:start] + kind + "/*"; has && strings.Count(arn, ":") == 5 && !strings.Contains(arn, ":s3:") &&
			document.AnyOfKind(wide) {
			kinds = append(kinds, wide)
		}
	}
	return kinds
}

// resourceWays let others in. Of what is denied, only plain connections count: TLS before 1.2 is refused by S3 itself
// ("Amazon S3 TLS", since 2023).
func resourceWays(t thing, s props) []way {
	if s["Effect"] != "Allow" {
		if t.kind != "aws:s3/bucketPolicy:BucketPolicy" ||
			!strings.Contains(render(s["Condition"]), "aws:SecureTransport") {
			return nil
		}
		return []way{
			{"its Deny allows", func(s props) { s["Condition"] = props{"Bool": props{"aws:SecureTransport": "true"}} }},
			{"its Deny is not about objects", func(s props) { s["Resource"] = list(s["Resource"])[:1] }},
			{"its Deny is for one network", func(s props) {
				s["Condition"].(props)["IpAddress"] = props{"aws:SourceIp": "203.0.113.0/24"}
			}},
		}
	}
	ways := []way{{"anybody", func(s props) { s["Principal"] = "*"; delete(s, "Condition") }}}
	conditions, _ := s["Condition"].(props)
	if t.kind == "aws:iam/role:Role" {
		ways = append(
			ways,
			way{
				"an account by its number",
				func(s props) { s["Principal"] = props{"AWS": "999999999999"}; delete(s, "Condition") },
			},
			way{"for any ARN", func(s props) {
				s["Principal"] = props{"Service": "ecs-tasks.amazonaws.com"}
				s["Condition"] = props{"ArnLike": props{"aws:SourceArn": "arn:aws:*:*:*:*"}}
			}},
		)
	}
	// A condition that only counts if its key is sent is for services that are not known to send it: no rule can ask it
	// of them.
	_, ifSent := conditions["StringEqualsIfExists"]
	if t.kind == "aws:iam/role:Role" && len(conditions) > 0 && !ifSent {
		ways = append(ways, way{"for any account's resources", func(s props) { delete(s, "Condition") }})
	}
	return ways
}

func list(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		texts := make([]string, 0, len(v))
		for _, element := range v {
			if text, ok := element.(string); ok {
				texts = append(texts, text)
			}
		}
		return texts
	default:
		return nil
	}
}

func statementsOf(text string) []props {
	var policy struct{ Statement []props }
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		panic(fmt.Sprintf("%v in %s", err, text))
	}
	return policy.Statement
}

// rewrite changes one statement of a document.
func rewrite(text string, statement int, change func(props)) string {
	var policy props
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		panic(err)
	}
	change(policy["Statement"].([]any)[statement].(props))
	return render(policy)
}

func render(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// containerMutants harm each container of a task definition in each way.
func containerMutants(t thing) []mutant {
	text, _ := t.inputs["containerDefinitions"].(string)
	if t.kind != "aws:ecs/taskDefinition:TaskDefinition" || text == "" {
		return nil
	}
	var containers []props
	if err := json.Unmarshal([]byte(text), &containers); err != nil {
		panic(err)
	}
	mutants := []mutant{
		edited(t, "one role for both", func(p props) { p["taskRoleArn"] = p["executionRoleArn"] }),
		edited(t, "sees the host's processes", func(p props) { p["pidMode"] = "host" }),
	}
	for i, container := range containers {
		for _, way := range []way{
			{"is privileged", func(c props) { c["privileged"] = true }},
			{"writes to its file system", func(c props) { c["readonlyRootFilesystem"] = false }},
			{"is root", func(c props) { c["user"] = "root" }},
			{"logs nothing", func(c props) { delete(c, "logConfiguration") }},
			{"has a password in clear text", func(c props) {
				c["environment"] = []any{props{"name": "DATABASE_PASSWORD", "value": "correct horse battery staple"}}
			}},
		} {
			mutants = append(
				mutants,
				edited(t, fmt.Sprintf("container %v %s", container["name"], way.what), func(p props) {
					var containers []props
					if err := json.Unmarshal([]byte(p["containerDefinitions"].(string)), &containers); err != nil {
						panic(err)
					}
					way.change(containers[i])
					p["containerDefinitions"] = render(containers)
				}),
			)
		}
	}
	return mutants
}
