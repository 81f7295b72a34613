// Command pullrequest serves an environment for each branch over HTTP, on the offline target: a stack with the
// configuration of dev, which is nowhere in a file. It listens on loopback alone, because it asks nobody who they are.
//
//	PUT    /environments/BRANCH   creates or updates the environment
//	GET    /environments/BRANCH   shows it
//	DELETE /environments/BRANCH   deletes it, and the stack with it
//	GET    /environments          lists all
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/infra/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := service{}
	flag.StringVar(&s.project, "project", ".", "folder of Pulumi.yaml")
	flag.StringVar(
		&s.plugin,
		"offline",
		"bin/awslab-offline",
		"executable of the offline target, which make build makes",
	)
	address := flag.String("listen", "127.0.0.1:8080", "where to listen, on loopback")
	flag.Parse()
	if err := s.run(ctx, *address); err != nil {
		fmt.Fprintln(os.Stderr, "pullrequest:", err)
		os.Exit(1)
	}
}

// run serves until ctx is cancelled, which cancels what is under way, and waits for that to end in order.
func (s service) run(ctx context.Context, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("-listen %s: %w", address, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("-listen %s: allowed is a loopback address, such as 127.0.0.1:8080", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println("listening on http://" + listener.Addr().String())
	server := &http.Server{
		Handler:           http.NewCrossOriginProtection().Handler(s.routes()),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
	}
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() { stopped <- server.Shutdown(context.WithoutCancel(ctx)) })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

type service struct{ project, plugin string }

type environment struct {
	Branch    string `json:"branch,omitempty"`
	Stack     string `json:"stack"`
	URL       any    `json:"url,omitempty"`
	Resources int    `json:"resources,omitempty"`
	Changed   int    `json:"changed,omitempty"` // resources, by the request
}

func (s service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /environments/{branch...}", answer(s.put))
	mux.HandleFunc("GET /environments/{branch...}", answer(s.get))
	mux.HandleFunc("DELETE /environments/{branch...}", answer(s.delete))
	mux.HandleFunc("GET /environments", answer(s.list))
	return mux
}

func answer[T any](do func(ctx context.Context, branch string) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		result, err := do(r.Context(), r.PathValue("branch"))
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(status(err))
			_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
			return
		}
		_ = json.NewEncoder(w).Encode(result)
	}
}

func status(err error) int {
	switch {
	case errors.As(err, new(*automation.InputError)):
		return http.StatusNotFound
	case errors.As(err, new(*config.Error)), errors.As(err, new(*automation.PolicyError)):
		return http.StatusUnprocessableEntity
	case errors.As(err, new(*automation.ConcurrentUpdateError)), errors.As(err, new(*automation.InterruptedError)):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

var other = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// stackOf returns a name that no other branch has: feature/x and feature-x differ in the sum at its end.
func stackOf(branch string) string {
	name := other.ReplaceAllString(branch, "-")
	return fmt.Sprintf("pr-%.60s-%08x", name, crc32.ChecksumIEEE([]byte(branch)))
}

// open opens the stack of a branch. Without a configuration, it has to exist.
func (s service) open(ctx context.Context, branch string, c automation.Configuration) (*automation.Lab, error) {
	return automation.Open(ctx, automation.Options{
		ProjectDir: s.project, Stack: stackOf(branch), Configuration: c, OfflinePlugin: s.plugin,
	})
}

// recovering carries out an operation, and recovers the stack first if a killed service left it locked or in doubt. If
// another operation is under way, Recover refuses in turn.
func recovering(
	ctx context.Context, lab *automation.Lab, do func() (*automation.Result, error),
) (*automation.Result, error) {
	result, err := do()
	if errors.As(err, new(*automation.ConcurrentUpdateError)) || errors.As(err, new(*automation.InterruptedError)) {
		if _, err := lab.Recover(ctx, automation.RecoverOptions{}); err != nil {
			return nil, err
		}
		return do()
	}
	return result, err
}

func (s service) put(ctx context.Context, branch string) (environment, error) {
	dev, err := automation.ReadConfiguration(filepath.Join(s.project, "Pulumi.dev.yaml"))
	if err != nil {
		return environment{}, err
	}
	lab, err := s.open(ctx, branch, dev)
	if err != nil {
		return environment{}, err
	}
	result, err := recovering(ctx, lab, func() (*automation.Result, error) {
		return lab.Up(ctx, automation.WithMessage("branch "+branch))
	})
	if err != nil {
		return environment{}, err
	}
	return environment{branch, lab.Stack(), result.Outputs["url"].Value, 0, len(result.Steps)}, nil
}

func (s service) get(ctx context.Context, branch string) (environment, error) {
	lab, err := s.open(ctx, branch, nil)
	if err != nil {
		return environment{}, err
	}
	outputs, err := lab.Outputs(ctx)
	return environment{Branch: branch, Stack: lab.Stack(), URL: outputs["url"].Value}, err
}

func (s service) delete(ctx context.Context, branch string) (environment, error) {
	lab, err := s.open(ctx, branch, nil)
	if err != nil {
		return environment{}, err
	}
	result, err := recovering(ctx, lab, func() (*automation.Result, error) { return lab.Destroy(ctx) })
	if err != nil {
		return environment{}, err
	}
	return environment{Branch: branch, Stack: lab.Stack(), Changed: len(result.Steps)}, lab.Remove(ctx)
}

func (s service) list(ctx context.Context, _ string) ([]environment, error) {
	stacks, err := automation.ListStacks(ctx, automation.Options{ProjectDir: s.project, OfflinePlugin: s.plugin})
	found := []environment{}
	for _, stack := range stacks {
		if strings.HasPrefix(stack.Name, "pr-") {
			found = append(found, environment{Stack: stack.Name, Resources: stack.Resources})
		}
	}
	return found, err
}
