//go:build examples

package examples

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/offline"
)

// platform is the service of the example pullrequest on a project with few resources.
type platform struct {
	project, program, plugin, url string
	process                       *exec.Cmd
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	p := &platform{project: t.TempDir(), program: filepath.Join(t.TempDir(), "pullrequest")}
	var err error
	p.plugin, err = filepath.Abs(filepath.Join(root, "bin", "awslab-offline"))
	require.NoError(t, err)
	shell(t, root, "go build -o "+p.program+" ./examples/pullrequest")
	definition, err := os.ReadFile(filepath.Join(root, "Pulumi.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(p.project, "Pulumi.yaml"), definition, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(p.project, "infra"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(p.project, "Pulumi.dev.yaml"),
		[]byte("config: {awslab:region: eu-west-1, awslab:buckets: [{name: uploads}]}\n"), 0o600))
	p.start(t)
	return p
}

func (p *platform) start(t *testing.T) {
	t.Helper()
	p.process = exec.Command(p.program, "-project", p.project, "-offline", p.plugin, "-listen", "127.0.0.1:0")
	p.process.Stderr = os.Stderr
	output, err := p.process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.process.Start())
	t.Cleanup(func() {
		_ = p.process.Process.Signal(os.Interrupt)
		_ = p.process.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	p.url = strings.TrimPrefix(strings.TrimSpace(line), "listening on ") + "/environments"
}

// ask returns the status and the decoded answer of a request.
func (p *platform) ask(ctx context.Context, method, branch string) (int, map[string]any, error) {
	request, err := http.NewRequestWithContext(ctx, method, p.url+"/"+branch, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	var answer map[string]any
	return response.StatusCode, answer, json.NewDecoder(response.Body).Decode(&answer)
}

func (p *platform) mustAsk(t *testing.T, method, branch string) map[string]any {
	t.Helper()
	status, answer, err := p.ask(t.Context(), method, branch)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, answer)
	return answer
}

func (p *platform) world(t *testing.T) []offline.Thing {
	t.Helper()
	things, err := automation.OfflineWorld(t.Context(), automation.Options{ProjectDir: p.project})
	require.NoError(t, err)
	return things
}

// underWay waits until something was created.
func (p *platform) underWay(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		things, err := automation.OfflineWorld(t.Context(), automation.Options{ProjectDir: p.project})
		return err == nil && len(things) > 2 // there is no world before the first thing
	}, 5*time.Minute, 50*time.Millisecond)
}

func TestEachBranchHasAnEnvironment(t *testing.T) {
	p := newPlatform(t)
	branches := []string{
		"main",
		"feature/checkout",
		"feature-checkout",
		"a.very/long/name/of/a/branch/that/goes/on/and/on/4711",
	}
	var requests sync.WaitGroup
	for _, branch := range branches {
		requests.Go(func() {
			status, answer, err := p.ask(t.Context(), http.MethodPut, branch)
			if err != nil || status != http.StatusOK {
				t.Errorf("%s: %d %v %v", branch, status, answer, err)
			}
		})
	}
	requests.Wait()
	stacks := map[any]bool{}
	for _, branch := range branches {
		stacks[p.mustAsk(t, http.MethodGet, branch)["stack"]] = true
		require.Nil(t, p.mustAsk(t, http.MethodPut, branch)["changed"], "it is up already")
	}
	require.Len(t, stacks, len(branches))
	for _, branch := range branches {
		p.mustAsk(t, http.MethodDelete, branch)
		status, _, err := p.ask(t.Context(), http.MethodGet, branch)
		require.NoError(t, err)
		require.Equal(t, http.StatusNotFound, status)
	}
	require.Empty(t, p.world(t))
	entries, err := filepath.Glob(filepath.Join(p.project, "Pulumi.*.yaml"))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no configuration is written")
}

func TestAClientThatGoesAwayCancels(t *testing.T) {
	p := newPlatform(t)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, _, err := p.ask(ctx, http.MethodPut, "main")
		gone <- err
	}()
	p.underWay(t)
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	p.eventually(t, http.MethodPut, "main")
	p.mustAsk(t, http.MethodDelete, "main")
	require.Empty(t, p.world(t))
}

// eventually asks until what was under way before has ended.
func (p *platform) eventually(t *testing.T, method, branch string) {
	t.Helper()
	require.Eventually(t, func() bool {
		status, answer, err := p.ask(t.Context(), method, branch)
		require.NoError(t, err)
		require.Contains(t, []int{http.StatusOK, http.StatusConflict}, status, answer)
		return status == http.StatusOK
	}, 5*time.Minute, time.Second)
}

func TestAServiceThatWasKilledRecovers(t *testing.T) {
	p := newPlatform(t)
	go func() { _, _, _ = p.ask(context.Background(), http.MethodPut, "main") }()
	p.underWay(t)
	require.NoError(t, p.process.Process.Kill())
	_ = p.process.Wait()
	p.start(t)
	p.eventually(t, http.MethodPut, "main")
	require.Nil(t, p.mustAsk(t, http.MethodPut, "main")["changed"], "it is complete")
	p.mustAsk(t, http.MethodDelete, "main")
	require.Empty(t, p.world(t))
}

func TestOnlyLoopbackIsServed(t *testing.T) {
	p := newPlatform(t)
	output, err := exec.Command(p.program, "-listen", "0.0.0.0:0").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), "allowed is a loopback address")
}
