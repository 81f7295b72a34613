package images

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/awslab/awslab/infra/config"
)

const (
	// pollInterval is the time between two attempts.
	pollInterval = 250 * time.Millisecond
	// requestTimeout is the timeout of a smoke request.
	requestTimeout = 10 * time.Second
	// killed is the exit code of a process that ended by SIGKILL (128 + 9).
	killed = 137
	// terminated is that of one that ended by SIGTERM (128 + 15), and of a JVM that ended in order because of it.
	terminated = 143
)

// check is the test of a service's container.
type check struct {
	container
	service config.Service
	// address is where the container's port is published, host and port; empty without a port.
	address string
	started time.Time
	// settleTime is how long the container is watched after it was healthy.
	settleTime time.Duration
	progress   func(format string, args ...any)
}

// check runs the container of a service: it waits for its health, sends the smoke requests and stops it.
func (o Options) check(ctx context.Context, engine docker, s config.Service, result *Result) (err error) {
	progress := func(format string, args ...any) { o.progress(s, format, args...) }
	if result.Unset = environmentOf(s, o.Region).unset; len(result.Unset) > 0 {
		progress("%s: %s", unsetVariables, strings.Join(result.Unset, ", "))
	}
	made, err := newContainer(ctx, engine, s, o.Region, result.Image)
	defer func() { err = errors.Join(err, made.remove(ctx)) }()
	if err != nil {
		return err
	}
	c := &check{
		container:  made,
		service:    s,
		started:    time.Now(),
		settleTime: cmp.Or(o.settle, settleTime),
		progress:   progress,
	}
	if err := c.run(ctx, result); err != nil {
		return c.withLog(ctx, err)
	}
	result.Outcome = Passed
	progress("passed")
	return nil
}

func (c *check) run(ctx context.Context, result *Result) error {
	if _, err := c.engine.output(ctx, "start", c.name); err != nil {
		return err
	}
	if err := c.findAddress(ctx); err != nil {
		return err
	}
	if err := c.awaitHealth(ctx); err != nil {
		return err
	}
	result.StartTime = time.Since(c.started)
	c.progress("healthy after %s", seconds(result.StartTime))
	for _, request := range c.service.Smoke {
		if err := c.smoke(ctx, request); err != nil {
			return err
		}
	}
	if len(c.healthChecks()) > 0 {
		if err := c.settle(ctx); err != nil {
			return err
		}
	}
	began := time.Now()
	err := c.stop(ctx)
	result.StopTime = time.Since(began)
	return err
}

// withLog adds the container's log to a failure of the container.
func (c *check) withLog(ctx context.Context, err error) error {
	var failure *Failure
	if !errors.As(err, &failure) {
		return err
	}
	log, told, err := c.engine.logs(ctx, c.name, tells)
	if err != nil {
		return err
	}
	return failure.inContainer(log, told)
}

// findAddress reads the port of this machine that the engine chose. A container that has exited has none, which
// awaitHealth reports.
func (c *check) findAddress(ctx context.Context) error {
	if c.service.Port == 0 {
		return nil
	}
	published, err := c.engine.output(ctx, "port", c.name, fmt.Sprintf("%d/tcp", c.service.Port))
	if err != nil {
		return c.exitedOr(ctx, err)
	}
	c.address, _, _ = strings.Cut(published, "\n")
	return nil
}

// smoke sends a request until there is a response.
func (c *check) smoke(ctx context.Context, request config.SmokeRequest) error {
	err := c.poll(ctx, func(ctx context.Context) error {
		status, err := c.request(ctx, request.Method, request.Path)
		if err == nil && status != request.Status {
			return smokeFailed(request, fmt.Sprintf("returned the status %d", status))
		}
		return err
	})
	if err != nil && ctx.Err() == nil && !isFailure(err) {
		return smokeFailed(request, fmt.Sprintf("got no response (%v)", err))
	}
	if err == nil {
		c.progress("%s %s returned the status %d", request.Method, request.Path, request.Status)
	}
	return err
}

// client follows no redirect and uses no proxy.
var client = &http.Client{
	Timeout:       requestTimeout,
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// request returns the status code of the response. Its error says so where nothing listens on the port: that of the
// request names a port of this machine.
func (c *check) request(ctx context.Context, method, path string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, nil)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		if unheard := c.listens(ctx); unheard != nil {
			return 0, unheard
		}
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode, nil
}

// stop sends SIGTERM, and SIGKILL after the stop timeout.
func (c *check) stop(ctx context.Context) error {
	c.progress("stopping")
	if _, err := c.engine.output(ctx, "stop", c.name); err != nil {
		return err
	}
	ended, err := c.engine.inspectState(ctx, c.name)
	switch {
	case err != nil:
		return err
	case ended.ExitCode == killed && ended.OOMKilled:
		return exited(c.service, time.Since(c.started), ended)
	case ended.ExitCode == killed:
		return ignoresStop()
	case ended.ExitCode != 0 && ended.ExitCode != terminated:
		return wrongExitCode(ended.ExitCode)
	}
	return nil
}

func isFailure(err error) bool {
	var failure *Failure
	return errors.As(err, &failure)
}
