//go:build e2e

package automation_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/offline"
)

// tryUp brings the stack dev up without policies, while it is watched.
func (p *project) tryUp(t *testing.T) (*automation.Result, error) {
	t.Helper()
	options := p.options("dev")
	options.PolicyPacks = []automation.PolicyPack{}
	lab, err := automation.Open(t.Context(), options)
	require.NoError(t, err)
	require.NoError(t, p.home(t).Record(t.Context()))
	result, failed := lab.Up(t.Context())
	outages, err := p.home(t).Outages(t.Context())
	require.NoError(t, err)
	require.Empty(t, outages, "the version of before serves throughout")
	return result, failed
}

// rebuild changes the source of a service, and so its image.
func (p *project) rebuild(t *testing.T, service, comment string) {
	t.Helper()
	original, err := os.ReadFile(filepath.Join("..", "services", service, "main.go"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(
		filepath.Join(p.dir, "services", service, "main.go"), append(original, comment...), 0o600))
}

// fail asks for a fault of what runs, by the name of the resource.
func (p *project) fail(t *testing.T, code, name string) {
	t.Helper()
	require.NoError(t, p.home(t).Inject(t.Context(), offline.Fault{
		Operation: offline.Run, URN: "*::" + name, Code: code, Message: "panic: no configuration", Times: 1,
	}))
}

// running returns the ARN of the task definition of a service that ECS runs.
func (p *project) running(t *testing.T, service string) string {
	t.Helper()
	var described *ecs.DescribeServicesOutput
	require.NoError(t, p.home(t).Tasks(func(api offline.TaskAPI) (err error) {
		described, err = api.DescribeServices(t.Context(), &ecs.DescribeServicesInput{
			Cluster:  aws.String("awslab-dev-cluster"),
			Services: []string{service},
		})
		return err
	}))
	latest := described.Services[0].Deployments[0]
	require.Equal(t, types.DeploymentRolloutStateCompleted, latest.RolloutState)
	return aws.ToString(latest.TaskDefinition)
}

// requireSaid expects a failed up to tell what the tasks said.
func requireSaid(t *testing.T, err error, texts ...string) {
	t.Helper()
	var failed *automation.OperationError
	require.ErrorAs(t, err, &failed)
	for _, text := range texts {
		require.ErrorContains(t, err, text)
	}
}

// changedBy returns the names of the resources that an operation changed and did not delete.
func changedBy(r *automation.Result) []string {
	var names []string
	for _, s := range r.Steps {
		if s.Op != "delete" {
			names = append(names, s.Name)
		}
	}
	return names
}

// What fails as it is deployed is rolled back, or was never deployed. The version of before goes on, and the next up
// of its image, or of a mended one, succeeds.
func TestLifecycleOfRollbacks(t *testing.T) {
	p := newProject(t)
	p.edit(t, "dev", map[string]any{"services[0].rollbackErrors": 5})

	p.fail(t, offline.Exit, "catalog-service")
	_, err := p.tryUp(t)
	requireSaid(t, err, "stopped: Essential container in task exited", "container app exited with 1",
		"| panic: no configuration", "tasks failed to start")
	_, err = p.tryUp(t)
	requireSaid(t, err, "the deployment of service awslab-dev-catalog failed: ECS deployment circuit breaker",
		"aws ecs update-service")
	p.rebuild(t, "catalog", "// mended\n")
	_, err = p.tryUp(t)
	require.NoError(t, err)

	for _, test := range []struct {
		name, code, service, resource string
		said                          []string
		// changed is what the image of before changes.
		changed []string
	}{
		{"tasks that never become healthy", offline.Unhealthy, "catalog", "catalog-service", []string{
			"stopped: Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:",
			"its deployment failed: ECS deployment circuit breaker: tasks failed to start", "| panic: no configuration",
			"the deployment failed and was rolled back",
		}, nil},
		{"tasks that exit", offline.Exit, "orders", "orders-service", []string{
			"stopped: Essential container in task exited", "container app exited with 1", "| panic: no configuration",
			"the deployment failed and was rolled back",
		}, nil},
		{"an alarm in bake time", offline.Alarm, "catalog", "catalog-service", []string{
			"the deployment of service awslab-dev-catalog was rolled back", "alarm detected",
			"| panic: no configuration",
		}, []string{"catalog-service"}}, // whose state has what the provider saw before the alarm
		{"a task before the deployment", offline.Exit, "orders", "orders-before-migrate-*", []string{
			"invoking Lambda Function (awslab-dev-runtask)",
			`container \"app\" exited with 1`, "panic: no configuration",
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := filepath.Join(p.dir, "services", test.service, "main.go")
			before, err := os.ReadFile(source)
			require.NoError(t, err)
			running := p.running(t, "awslab-dev-"+test.service)

			p.rebuild(t, test.service, "// broken by "+test.name+"\n")
			p.fail(t, test.code, test.resource)
			_, err = p.tryUp(t)
			requireSaid(t, err, test.said...)
			require.Equal(t, running, p.running(t, "awslab-dev-"+test.service))

			require.NoError(t, os.WriteFile(source, before, 0o600))
			back, err := p.tryUp(t)
			require.NoError(t, err)
			require.Equal(t, test.changed, changedBy(back), "what failed is deleted, and nothing else changes")
			require.Equal(t, running, p.running(t, "awslab-dev-"+test.service))

			p.rebuild(t, test.service, "// mended after "+test.name+"\n")
			_, err = p.tryUp(t)
			require.NoError(t, err)
			require.NotEqual(t, running, p.running(t, "awslab-dev-"+test.service))
		})
	}
	t.Run("what the version of before uses", func(t *testing.T) {
		p.edit(t, "dev", map[string]any{
			"services[1].access.database": nil, "services[1].before": nil, "database": nil,
		})
		p.rebuild(t, "orders", "// broken without a database\n")
		p.fail(t, offline.Exit, "orders-service")
		_, err := p.tryUp(t)
		requireSaid(t, err, "the deployment failed and was rolled back")
		p.rebuild(t, "orders", "// mended without a database\n")
		_, err = p.tryUp(t)
		require.NoError(t, err, "the way to the database is open until the mended version runs")
	})
}
