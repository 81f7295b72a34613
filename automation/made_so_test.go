//go:build e2e

package automation_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/infra/config/configtest"
)

// mayDiffer are the properties that a changed stack may have otherwise than one that was made so.
var mayDiffer = []string{
	"revision", "version", "latestVersion", "defaultVersion", // which count the changes
	"desiredCount", "desiredCapacity", "minCapacity", "maxCapacity", // which are Auto Scaling's and its schedules'
	"masterUserSecretKmsKeyId", "monitoringRoleArn", "performanceInsightsKmsKeyId", // of what is turned off
	"writer", "availabilityZone", // of Aurora's instances, by which of them is there first
	"platformVersion", // of Fargate, which instances have no use for
	"readCapacity", "writeCapacity",
	"healthCheckGracePeriodSeconds", // of a service that is internal now
}

// ofName is the path of a service's name. One that is renamed takes over a target group under its old name.
var ofName = regexp.MustCompile(`^services\[\d+\]\.name$`)

// A stack that is changed is in AWS what it would be if it had been made so. An update that the provider does not send
// goes unnoticed otherwise: the engine compares with what it has asked for. Run it with: make change
func TestAChangedStackIsAsIfItWereMadeSo(t *testing.T) {
	eachRunningStack(t, func(t *testing.T, r *runningStack, changes []configtest.Change) {
		changes = slices.DeleteFunc(changes, func(c configtest.Change) bool {
			return slices.ContainsFunc(slices.Collect(maps.Keys(c.Values)), ofName.MatchString)
		})
		batches, _ := r.divide(t, changes)
		for _, batch := range batches {
			r.compare(t, batch)
			r.restore(t)
		}
	})
}

// compare makes the changes, and compares the stack with two that are made with them: what these have not in common is
// random. Where they are refused or fail together, it makes one half and then the other.
func (r *runningStack) compare(t *testing.T, changes []configtest.Change) {
	t.Helper()
	if err := r.change(t, true, changes...); err != nil {
		t.Logf("%v: %v", changes, err) // which TestChangesOfEveryKey is about
		r.restore(t)
		if half := len(changes) / 2; half > 0 {
			r.compare(t, changes[:half])
			r.restore(t)
			r.compare(t, changes[half:])
		}
		return
	}
	made := configtest.Base{
		Name: r.base.Name, Stack: r.base.Stack, Configuration: configtest.Apply(r.base.Configuration, changes...),
	}
	is, want, again := r.properties(t), newRunningStack(t, made).properties(t), newRunningStack(t, made).properties(t)
	all := maps.Clone(want)
	maps.Copy(all, is)
	for _, at := range slices.Sorted(maps.Keys(all)) {
		if want[at] == again[at] && is[at] != want[at] {
			t.Errorf("after %v, %s is\n\t%s\ninstead of\n\t%s", changes, at, is[at], want[at])
		}
	}
}

// hashed is what an id or an ARN has that no two things have in common.
var hashed = regexp.MustCompile(`[0-9a-f]{8}|[0-9A-Z]{12}|:\d+$`)

// properties returns what AWS has of everything, by URN and property, with names instead of ids that are random.
func (r *runningStack) properties(t *testing.T) map[string]string {
	t.Helper()
	lab, err := r.openUnjudged()
	require.NoError(t, err)
	_, err = lab.Refresh(t.Context()) // what one resource does to another is not in the state before
	require.NoError(t, err)
	deployment, err := lab.Export(t.Context(), automation.ExportOptions{})
	require.NoError(t, err)
	var state apitype.DeploymentV3
	require.NoError(t, json.Unmarshal(deployment.Deployment, &state))
	state.Resources = slices.DeleteFunc(state.Resources, func(r apitype.ResourceV3) bool {
		return !strings.HasPrefix(string(r.Type), "aws:")
	})
	var ids [][2]string
	for _, resource := range state.Resources {
		for _, output := range []string{
			"id", "arn", "arnSuffix", "dnsName", "domainName", "resourceId", "clusterResourceId", "address", "endpoint",
		} {
			if text, is := resource.Outputs[output].(string); is && hashed.MatchString(text) {
				ids = append(ids, [2]string{text, "<" + resource.URN.Name() + " " + output + ">"})
			}
		}
	}
	// The longest first: one may begin with another.
	slices.SortStableFunc(ids, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	var pairs []string
	for _, id := range ids {
		pairs = append(pairs, id[0], id[1])
	}
	names := strings.NewReplacer(pairs...)
	found := map[string]string{}
	for _, resource := range state.Resources {
		for name, value := range resource.Outputs {
			if text := canonical(value, names); text != "" && !slices.Contains(mayDiffer, name) {
				found[fmt.Sprintf("%s: %s", resource.URN, name)] = text
			}
		}
	}
	return found
}

// canonical returns a value as a text: lists sorted, as most are sets, documents of JSON read, and nothing of what is
// empty.
func canonical(value any, names *strings.Replacer) string {
	var parts []string
	switch v := value.(type) {
	case nil:
		return ""
	case map[string]any:
		for key := range v {
			// A role keeps the ids of the database that its tasks signed in to, see identity.RoleArgs.
			// The version is a launch template's, and counts its changes.
			text := canonical(v[key], names)
			if text != "" && !strings.HasPrefix(key, "database") && key != "version" {
				parts = append(parts, key+"="+text)
			}
		}
	case []any:
		for i := range v {
			parts = append(parts, canonical(v[i], names))
		}
	case string:
		var document any
		if strings.ContainsAny(v[:min(1, len(v))], "{[") && json.Unmarshal([]byte(v), &document) == nil {
			return canonical(document, names)
		}
		return names.Replace(v)
	case bool, float64:
		if v == false || v == 0.0 {
			return ""
		}
		return fmt.Sprint(v)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}
