//go:build e2e

package automation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/offline"
)

var (
	points = flag.Int("points", 2, "how often each operation is killed")
	seed   = flag.Uint64("seed", 1, "what the points are drawn from")
)

// held is how long an operation waits where it is killed: for longer than the test lasts.
const held = time.Hour

// buildCommand compiles the awslab that [project.killAt] runs.
func buildCommand(t *testing.T) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "awslab"), "./cmd/awslab")
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
}

// killAt runs the command until it has done something to a resource and the engine does not know it yet, and kills
// what the victim picks of its processes, at once and without a word.
func (p *project) killAt(
	t *testing.T, command string, moment offline.Moment, urn string, victim func(*process.Process) bool,
) string {
	t.Helper()
	home := p.home(t)
	require.NoError(t, home.Inject(t.Context(), offline.Fault{Operation: moment, URN: urn, Delay: held, Times: 1}))
	var output bytes.Buffer
	run := exec.CommandContext(t.Context(), filepath.Join(bin, "awslab"), command, "--stack", "dev", "-C", p.dir)
	run.Stdout, run.Stderr = &output, &output
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, run.Start())
	ended := make(chan struct{})
	go func() {
		_ = run.Wait()
		close(ended)
	}()
	require.Eventually(t, func() bool {
		select {
		case <-ended:
			return true
		default:
		}
		left, err := home.Faults(t.Context())
		return err == nil && left == 0
	}, 2*time.Minute, 20*time.Millisecond, "%s reaches %s", command, urn)
	select {
	case <-ended:
		require.Fail(t, "the operation ended by itself", "%s at %s:\n%s", command, urn, &output)
	default:
	}
	root, err := process.NewProcess(int32(run.Process.Pid))
	require.NoError(t, err)
	all := append(descendants(root), root)
	for _, running := range all {
		if victim(running) {
			_ = running.Kill() // some end with their parents
		}
	}
	<-ended
	require.Eventually(t, func() bool {
		return !slices.ContainsFunc(all, func(running *process.Process) bool {
			status, err := running.Status()
			return err == nil && !slices.Contains(status, process.Zombie)
		})
	}, time.Minute, 10*time.Millisecond, "every process of %s has ended", command)
	return output.String()
}

// descendants lists the processes below one, the deepest first, so that none notices that another has died.
func descendants(of *process.Process) []*process.Process {
	children, _ := of.Children()
	var all []*process.Process
	for _, child := range children {
		all = append(all, descendants(child)...)
		all = append(all, child)
	}
	return all
}

// moments are those at which each operation, or a step of it, is killed.
var moments = map[string][]offline.Moment{
	"up":      {offline.Create, offline.Created},
	"destroy": {offline.Delete, offline.Deleted},
	// The steps of an update.
	"create":  {offline.Create, offline.Created},
	"replace": {offline.Create, offline.Created},
	"update":  {offline.Update, offline.Updated},
	"delete":  {offline.Delete, offline.Deleted},
}

func everything(*process.Process) bool { return true }

// isProvider picks the processes of the AWS provider.
func isProvider(running *process.Process) bool {
	name, err := running.Name()
	return err == nil && strings.HasPrefix("pulumi-resource-aws", name)
}

// exists lists what there is by type and URN; ids are made anew in each life.
func (p *project) exists(t testing.TB) []string {
	t.Helper()
	var found []string
	for _, thing := range p.world(t) {
		found = append(found, thing.Type+" "+thing.URN)
	}
	slices.Sort(found)
	return found
}

// urns lists what there is of AWS.
func (p *project) urns(t testing.TB) []string {
	t.Helper()
	var urns []string
	for _, thing := range p.world(t) {
		if strings.HasPrefix(thing.Type, "aws:") {
			urns = append(urns, thing.URN)
		}
	}
	slices.Sort(urns)
	return slices.Compact(urns)
}

// recovered mends the stack, and fails the test unless everything was found out.
func (p *project) recovered(t *testing.T) *automation.Recovery {
	t.Helper()
	result, err := p.open(t, "dev").Recover(context.Background(), automation.RecoverOptions{})
	require.NoError(t, err)
	return result.Recovery
}

// An operation that is killed anywhere leaves a stack that recover mends: up then comes to the world of an operation
// that nothing disturbed, and destroy leaves nothing.
func TestLifecycleOfOperationsThatAreKilled(t *testing.T) {
	buildCommand(t)
	random := rand.New(rand.NewPCG(*seed, 0))
	p := newProject(t)
	ctx := context.Background()
	up := func() {
		_, err := p.open(t, "dev").Up(ctx)
		require.NoError(t, err)
	}
	up()
	undisturbed, all := p.exists(t), p.urns(t)

	// kill has an operation killed at resources that remain until none is left, or as often as asked for.
	kill := func(command string, remaining func() []string, victim func(*process.Process) bool) {
		for range *points {
			left := remaining()
			if len(left) == 0 {
				return
			}
			urn, moment := left[random.IntN(len(left))], moments[command][random.IntN(2)]
			p.killAt(t, command, moment, urn, victim)
			t.Logf("%s, %s %s: %+v", command, moment, urn, p.recovered(t))
		}
	}
	missing := func() []string {
		there := p.urns(t)
		return slices.DeleteFunc(slices.Clone(all), func(urn string) bool { return slices.Contains(there, urn) })
	}
	t.Run("destroy", func(t *testing.T) {
		kill("destroy", func() []string { return p.urns(t) }, everything)
		_, err := p.open(t, "dev").Destroy(ctx)
		require.NoError(t, err)
		require.Empty(t, p.world(t))
	})
	t.Run("up", func(t *testing.T) {
		kill("up", missing, everything)
		up()
		require.Equal(t, undisturbed, p.exists(t))
		p.requireUnchanged(t, "dev")
	})
	t.Run("an update", func(t *testing.T) {
		changed := map[string]any{
			"services[0].port": 9090, "services[1].name": "purchases", "firewall.enabled": false,
		}
		direct := newProject(t)
		_, err := direct.open(t, "dev").Up(ctx)
		require.NoError(t, err)
		direct.edit(t, "dev", changed)
		for range 2 { // the tasks of before reach the new port until they are gone
			_, err = direct.open(t, "dev").Up(ctx)
			require.NoError(t, err)
		}

		p.edit(t, "dev", changed)
		for range *points {
			preview, err := p.open(t, "dev").Preview(ctx)
			require.NoError(t, err)
			steps := slices.DeleteFunc(preview.Steps, func(s automation.Step) bool {
				return !strings.HasPrefix(s.Type, "aws:") || len(moments[s.Op]) == 0
			})
			if len(steps) == 0 {
				break
			}
			step := steps[random.IntN((len(steps)+2)/3)] // an early one, so that steps are left for the next point
			moment := moments[step.Op][random.IntN(2)]
			p.killAt(t, "up", moment, step.URN, everything)
			t.Logf("%s, %s %s: %+v", step.Op, moment, step.URN, p.recovered(t))
		}
		up()
		up()
		require.Equal(t, direct.exists(t), p.exists(t))
		p.requireUnchanged(t, "dev")
		undisturbed, all = p.exists(t), p.urns(t)
	})
	t.Run("a provider alone", func(t *testing.T) {
		kill("destroy", func() []string { return p.urns(t) }, isProvider)
		kill("up", missing, isProvider)
		up()
		require.Equal(t, undisturbed, p.exists(t))
		p.requireUnchanged(t, "dev")
	})
}

// again are the types that recover leaves to the next up: what creating them once more does no harm to.
var again = []string{
	"aws:acm/certificateValidation:CertificateValidation", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
	"aws:lambda/invocation:Invocation", "aws:secretsmanager/secretVersion:SecretVersion",
}

// image is not lost with the rest: the stack's output permanent says that it was built, with which it is built again.
const image = "docker:index/image:Image"

// lose makes every resource of AWS in the state of a stack one whose creation was interrupted, and returns the
// URNs.
func (p *project) lose(t *testing.T, stackName string) []string {
	t.Helper()
	// The engine's own import drops what is pending.
	path := filepath.Join(p.dir, ".awslab", "offline", "state", ".pulumi", "stacks", "awslab", stackName+".json")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	var file struct {
		Version    int `json:"version"`
		Checkpoint struct {
			Stack  string               `json:"stack"`
			Latest apitype.DeploymentV3 `json:"latest"`
		} `json:"checkpoint"`
	}
	require.NoError(t, json.Unmarshal(content, &file))
	var lost []string
	state := &file.Checkpoint.Latest
	state.Resources = slices.DeleteFunc(state.Resources, func(r apitype.ResourceV3) bool {
		if !r.Custom || strings.HasPrefix(string(r.Type), "pulumi:") || r.Type == image {
			return false
		}
		lost = append(lost, string(r.URN))
		r.ID, r.Outputs = "", nil
		state.PendingOperations = append(state.PendingOperations, apitype.OperationV2{
			Type: apitype.OperationTypeCreating, Resource: r,
		})
		return true
	})
	for i := range state.Resources { // a state in which something depends on what is not there is none
		state.Resources[i].Dependencies, state.Resources[i].PropertyDependencies = nil, nil
	}
	content, err = json.Marshal(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return lost
}

// Every resource of a stack is found again and read as it is: after a recovery of all of them at once, up has nothing
// to do but to say again what the provider does not read.
func TestLifecycleOfALostState(t *testing.T) {
	for _, stackName := range []string{"dev", "prod"} {
		t.Run(stackName, func(t *testing.T) {
			p := newProject(t)
			_, err := p.open(t, stackName).Up(t.Context())
			require.NoError(t, err)
			before := p.world(t)

			lost := p.lose(t, stackName)
			_, err = p.open(t, stackName).Up(t.Context())
			var interrupted *automation.InterruptedError
			require.ErrorAs(t, err, &interrupted)
			require.NotEmpty(t, interrupted.Pending)

			result, err := p.open(t, stackName).Recover(t.Context(), automation.RecoverOptions{})
			require.NoError(t, err)
			require.Len(t, result.Recovery.Verdicts, len(lost))
			require.True(t, result.Recovery.Written)

			up, err := p.open(t, stackName).Up(t.Context())
			require.NoError(t, err)
			for _, s := range up.Steps {
				// A new version of its secret is a new password.
				if s.Type != "aws:rds/instance:Instance" || !slices.Equal(s.Properties, []string{"password"}) {
					require.Contains(t, again, s.Type, "%s %s: %v", s.Op, s.Name, s.Properties)
				}
			}
			p.requireUnchanged(t, stackName)
			require.ElementsMatch(t, withoutAgain(before), withoutAgain(p.world(t)))
		})
	}
}

func withoutAgain(things []offline.Thing) []offline.Thing {
	return slices.DeleteFunc(things, func(thing offline.Thing) bool { return slices.Contains(again, thing.Type) })
}
