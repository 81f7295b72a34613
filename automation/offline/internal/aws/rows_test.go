package aws_test

import (
	"encoding/json"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/deepcopy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/model"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// row is one statement of a model about what makes no difference.
type row struct{ token, field, path string }

// neededRows are statements without which a stack of the repository would be changed at its second update.
var neededRows = []row{
	{
		token.AutoScalingGroup,
		"optionalComputed",
		"mixedInstancesPolicy.instancesDistribution.onDemandAllocationStrategy",
	},
	{
		token.AutoScalingGroup,
		"optionalComputed",
		"mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateName",
	},
	{token.AutoScalingGroup, "optionalComputed", "availabilityZoneDistribution"},
	{token.AutoScalingGroup, "optionalComputed", "capacityReservationSpecification"},
	{token.AutoScalingGroup, "sets", "enabledMetrics"},
	{token.AutoScalingGroup, "sets", "vpcZoneIdentifiers"},
	{token.BucketPolicy, "equal", "policy"},
	{token.Distribution, "optionalComputed", "defaultCacheBehavior.grpcConfig"},
	{token.FileSystemPolicy, "equal", "policy"},
	{token.Function, "kept", "loggingConfig.applicationLogLevel"},
	{token.Function, "kept", "loggingConfig.systemLogLevel"},
	{token.Key, "equal", "policy"},
	{token.LifecyclePolicy, "equal", "policy"},
	{token.MetricAlarm, "sets", "metricQueries"},
	{token.NetworkAcl, "sets", "ingress"},
	{token.NetworkAcl, "sets", "egress"},
	{token.RepositoryPolicy, "equal", "policy"},
	{token.ScalingTarget, "optionalComputed", "suspendedState"},
	{token.Service, "sets", "networkConfiguration.securityGroups"},
	{token.Table, "sets", "attributes"},
	{token.TaskDefinition, "equal", "containerDefinitions"},
	{token.TopicPolicy, "equal", "policy"},
	{token.VaultPolicy, "equal", "policy"},
	{token.WebACL, "sets", "rules"},
}

func TestEveryNeededRowIsNeeded(t *testing.T) {
	pkg := awsSchema(t)
	equalities := equalities()
	var made []registered
	for _, name := range []string{"prod on EC2", "dev with everything"} {
		made = append(made, runProgram(t, programs[name].stack, programs[name].changes).made...)
	}
	for _, row := range neededRows {
		described, known := pkg.Resource(row.token)
		require.True(t, known, row.token)
		typ := diff.Type{Resource: described, Objects: pkg, Model: modelWithout(t, row), Equalities: equalities}
		assert.True(t, slices.ContainsFunc(made, func(r registered) bool {
			inputs := values.WithoutDefaults(r.Inputs)
			return r.token == row.token && (differs(typ, r, inputs) ||
				row.field == "sets" && differs(typ, r, reversed(t, inputs, row.path)))
		}), "nothing differs without %v", row)
	}
}

func differs(typ diff.Type, r registered, inputs resource.PropertyMap) bool {
	return len(diff.Between(typ, r.State, inputs).Edits) > 0
}

// reversed returns inputs with a set in the reverse order: ids are random, and so may be in the order of AWS at first.
func reversed(t *testing.T, inputs resource.PropertyMap, set string) resource.PropertyMap {
	t.Helper()
	path, err := resource.ParsePropertyPath(set)
	require.NoError(t, err)
	all := resource.NewProperty(deepcopy.Copy(inputs).(resource.PropertyMap))
	if found, has := path.Get(all); has && found.IsArray() {
		slices.Reverse(found.ArrayValue())
	}
	return all.ObjectValue()
}

// equalities returns those of every service.
func equalities() map[string]func(a, b string) bool {
	all := map[string]func(a, b string) bool{}
	for name, equal := range model.Equalities {
		all[name] = equal
	}
	for _, service := range aws.Knowledge().Services {
		for name, equal := range service.Equalities {
			all[name] = equal
		}
	}
	return all
}

// modelWithout returns the model of a type without one of its statements.
func modelWithout(t *testing.T, r row) *model.Model {
	t.Helper()
	service := model.ServiceOf(r.token) + ".json"
	data, err := fs.ReadFile(aws.Knowledge().Models, service)
	require.NoError(t, err)
	var models map[string]map[string]any
	require.NoError(t, json.Unmarshal(data, &models))
	switch field := models[r.token][r.field].(type) {
	case []any:
		i := slices.Index(field, any(r.path))
		require.GreaterOrEqual(t, i, 0, "%v is no statement of the model", r)
		models[r.token][r.field] = slices.Delete(field, i, i+1)
	case map[string]any:
		require.Contains(t, field, r.path, "%v is no statement of the model", r)
		delete(field, r.path)
	default:
		require.Failf(t, "no such statement", "%v", r)
	}
	data, err = json.Marshal(models)
	require.NoError(t, err)
	without, err := (&model.Models{Files: fstest.MapFS{service: {Data: data}}}).Of(r.token)
	require.NoError(t, err)
	return without
}
