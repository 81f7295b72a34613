package packs_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/awslab/awslab/policy/internal/document"
	"github.com/awslab/awslab/policy/internal/packs"
	"github.com/awslab/awslab/policy/internal/ruletest"
	"github.com/awslab/awslab/policy/internal/serve"
)

// statements returns a policy document of many statements.
func statements(count int) string {
	const one = `{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}`
	return `{"Statement": [` + strings.Repeat(one+",", count-1) + one + `]}`
}

func containers(count int) string {
	const one = `{"name": "a", "user": "1", "environment": [{"name": "A", "value": "b"}]}`
	return `[` + strings.Repeat(one+",", count-1) + one + `]`
}

func nested(depth int) string {
	return `{"Statement": ` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`
}

// busy is for how long this process has kept a processor, which no other process on the machine makes longer.
func busy(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// judged returns the processor time that it takes to judge resources by all rules, alone and as a stack: the least of
// three.
func judged(t *testing.T, resources ...ruletest.Resource) time.Duration {
	t.Helper()
	server, err := serve.New(packs.All)
	if err != nil {
		t.Fatal(err)
	}
	stack := ruletest.StackRequest(t, resources...)
	least := time.Hour
	for range 3 {
		start := busy(t)
		for _, r := range resources {
			if _, err := server.Analyze(t.Context(), ruletest.Request(t, r)); err != nil {
				t.Fatal(err)
			}
		}
		answer, err := server.AnalyzeStack(t.Context(), stack)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range answer.GetDiagnostics() {
			if strings.Contains(d.GetMessage(), "crashed") {
				t.Error(d.GetMessage())
			}
		}
		least = min(least, busy(t)-start)
	}
	return least
}

// proportion is by how much longer what is ten times as large may take: three times as long as in proportion, for the
// garbage that is collected meanwhile. What takes time by the square takes a hundred times as long.
const proportion = 30

// Odd documents take all rules time in proportion to their size.
func TestLargeDocumentsTakeTimeInProportion(t *testing.T) {
	for name, c := range map[string]struct {
		resourceType, property string
		text                   func(int) string
		size                   int
	}{
		"10,000 statements of a role":   {"aws:iam/rolePolicy:RolePolicy", "policy", statements, 1000},
		"10,000 statements of a bucket": {"aws:s3/bucketPolicy:BucketPolicy", "policy", statements, 1000},
		"10,000 statements of a trust":  {"aws:iam/role:Role", "assumeRolePolicy", statements, 1000},
		"10,000 containers": {
			"aws:ecs/taskDefinition:TaskDefinition",
			"containerDefinitions",
			containers,
			1000,
		},
		"lists in lists, 300,000 deep": {"aws:iam/rolePolicy:RolePolicy", "policy", nested, 30000},
		"lists in lists of a definition": {
			"aws:ecs/taskDefinition:TaskDefinition",
			"containerDefinitions",
			nested,
			30000,
		},
	} {
		t.Run(name, func(t *testing.T) {
			of := func(size int) time.Duration {
				return judged(
					t,
					ruletest.Resource{
						Type:       c.resourceType,
						Name:       "it",
						Properties: ruletest.Props{c.property: c.text(size), "role": "it", "name": "it"},
					},
				)
			}
			small, large := of(c.size), of(10*c.size)
			if large > proportion*max(small, time.Millisecond) {
				t.Errorf("ten times as large takes %v, not %v", large, small)
			}
		})
	}
}

func TestTheLargestDocumentIsRead(t *testing.T) {
	statement := `{"Effect": "Allow", "Action": "*", "Resource": "*", "Sid": "%s"}`
	text := fmt.Sprintf(statement, strings.Repeat("x", document.MaxSize-1000))
	if took := judged(
		t,
		ruletest.Resource{
			Type:       "aws:iam/rolePolicy:RolePolicy",
			Name:       "it",
			Properties: ruletest.Props{"policy": `{"Statement": ` + text + `}`},
		},
	); took > 30*time.Second {
		t.Errorf("%v", took)
	}
}

// Large stacks take all rules time in proportion to their resources.
func TestLargeStacksTakeTimeInProportion(t *testing.T) {
	of := func(size int) time.Duration {
		resources := make([]ruletest.Resource, size)
		for i := range size {
			resources[i] = kinds[i%len(kinds)](i / len(kinds))
		}
		return judged(t, resources...)
	}
	small, large := of(300), of(3000)
	if large > proportion*small {
		t.Errorf("3,000 resources take %v, 300 take %v", large, small)
	}
}
