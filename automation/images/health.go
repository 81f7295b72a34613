package images

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/awslab/awslab/components/compute"
)

// healthTimeout is the time after which ECS takes a container for unhealthy that never was healthy.
func (c *check) healthTimeout() time.Duration {
	h := c.service.HealthCheck
	start := min(h.GraceSeconds, compute.MaxStartPeriod)
	return time.Duration(start+compute.UnhealthyThreshold*h.IntervalSeconds) * time.Second
}

// awaitHealth waits until the health check of the container succeeds, and that of the load balancer, and until
// something listens on its port. A container that has none of them is healthy if it goes on running.
func (c *check) awaitHealth(ctx context.Context) error {
	checks := c.healthChecks()
	if len(checks) == 0 {
		return c.settle(ctx)
	}
	for _, healthy := range checks {
		err := c.poll(ctx, healthy)
		if err != nil && ctx.Err() == nil && !isFailure(err) {
			return unhealthy(c.service, c.healthTimeout(), err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *check) healthChecks() []func(context.Context) error {
	var checks []func(context.Context) error
	if len(c.service.HealthCheck.Command) > 0 {
		checks = append(checks, c.healthCommand)
	}
	switch {
	case c.service.Public():
		checks = append(checks, c.healthPath)
	case c.service.Port != 0:
		checks = append(checks, c.listens)
	}
	return checks
}

// poll tries until there is no error, and returns the last one after the health timeout. It ends early
// when the container has exited and when the error is a *Failure, which time does not mend.
func (c *check) poll(ctx context.Context, try func(context.Context) error) error {
	deadline := c.started.Add(c.healthTimeout())
	for {
		err := try(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if err := c.exitedOr(ctx, nil); err != nil {
			return err
		}
		if isFailure(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollInterval):
		}
	}
}

// exitedOr returns a *Failure if the container has exited, and else err.
func (c *check) exitedOr(ctx context.Context, err error) error {
	found, inspecting := c.engine.inspectState(ctx, c.name)
	switch {
	case inspecting != nil:
		return inspecting
	case !found.Running:
		return exited(c.service, time.Since(c.started), found)
	}
	return err
}

// settleTime is the default for how long a container is watched after it was healthy, or was started if nobody can ask
// for its health.
const settleTime = 3 * time.Second

// settle watches a container for a time, in which it has to go on running.
func (c *check) settle(ctx context.Context) error {
	watching, cancel := context.WithTimeout(ctx, c.settleTime)
	defer cancel()
	// docker wait ends when the container does.
	_, err := c.engine.output(watching, "wait", c.name)
	if watching.Err() == nil && err != nil {
		return err
	}
	return errors.Join(ctx.Err(), c.exitedOr(ctx, nil))
}

// Exit codes of docker exec for a command that cannot be started, and for one that does not exist.
const (
	notExecutable = 126
	notFound      = 127
)

// healthCommand runs the container's own health check. ECS starts CMD as it is and gives CMD-SHELL to a shell; images
// without a shell have none for Docker's own health check.
func (c *check) healthCommand(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.service.HealthCheck.TimeoutSeconds)*time.Second)
	defer cancel()
	words := c.service.HealthCheck.Command
	command := words[1:]
	if words[0] == "CMD-SHELL" {
		command = []string{"/bin/sh", "-c", strings.Join(command, " ")}
	}
	var printed []string
	arguments := append([]string{"exec", c.name}, command...)
	err := c.engine.stream(ctx, func(line string) { printed = append(printed, line) }, arguments...)
	if err == nil {
		return nil
	}
	said := strings.TrimSpace(strings.Join(printed[max(0, len(printed)-lastLines):], " "))
	code := exitCodeOf(err)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("healthCheck.command took longer than %d s", c.service.HealthCheck.TimeoutSeconds)
	case code == notExecutable || code == notFound:
		return &Failure{Kind: Unhealthy, Message: fmt.Sprintf(
			"healthCheck.command cannot be started in the container (%s); name an executable of the image", said,
		)}
	}
	return fmt.Errorf("healthCheck.command exited with code %d: %s", code, said)
}

// listenTime is how long a connection to a container stays open on which nobody listens.
const listenTime = 500 * time.Millisecond

// listens returns an error if nothing accepts connections on the container's port. The engine's proxy accepts them in
// the container's place, and closes them if the container does not.
func (c *check) listens(ctx context.Context) error {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", c.address)
	if err == nil {
		defer func() { _ = connection.Close() }()
		_ = connection.SetReadDeadline(time.Now().Add(listenTime))
		_, err = connection.Read(make([]byte, 1))
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return fmt.Errorf("nothing accepts connections on port %d of the container", c.service.Port)
}

// healthPath requests what the load balancer requests, which expects the status 200.
func (c *check) healthPath(ctx context.Context) error {
	path := c.service.HealthCheck.Path
	status, err := c.request(ctx, http.MethodGet, path)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("GET %s returned the status %d instead of 200", path, status)
	}
	return nil
}
