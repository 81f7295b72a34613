package images

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/infra/config"
)

// container is a container of a service in the Docker engine.
type container struct {
	engine docker
	name   string
}

// removeTimeout bounds the removal of a container, which goes on when the test is cancelled.
const removeTimeout = time.Minute

// newContainer creates a container of an image as the service's task definition has it. Call remove after use.
func newContainer(
	ctx context.Context,
	engine docker,
	s config.Service,
	region, image string,
) (container, error) {
	c := container{engine, "awslab-test-" + s.Name + "-" + strings.ToLower(rand.Text()[:8])}
	environment := environmentOf(s, region)
	file, err := environment.write()
	if err != nil {
		return c, err
	}
	defer func() { _ = os.Remove(file) }()
	options := slices.Concat(
		[]string{"create", "--name", c.name, "--env-file", file},
		environment.flags(),
		restrictions(s),
		[]string{image},
	)
	// Not cancelled halfway: the engine might then create it after it was removed.
	cmd := engine.command(context.WithoutCancel(ctx), options...)
	cmd.Env = append(cmd.Env, environment.multiline...)
	_, err = output(cmd)
	return c, err
}

// remove removes the container with its volumes, also when ctx is cancelled.
func (c container) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	if _, err := c.engine.output(ctx, "rm", "--force", "--volumes", c.name); err != nil {
		return &leftError{c.name, err}
	}
	return nil
}

// leftError says that a container could not be removed.
type leftError struct {
	container string
	cause     error
}

func (e *leftError) Error() string { return fmt.Sprintf("%v; remove it with %s", e.cause, e.remedy()) }

func (e *leftError) Unwrap() error { return e.cause }

func (e *leftError) remedy() string { return "docker rm --force --volumes " + e.container }

// restrictions are the options of docker create that say the same as the task definition.
func restrictions(s config.Service) []string {
	memory := strconv.Itoa(s.Memory) + "m"
	options := []string{
		"--pull", "never",
		"--init", // linuxParameters.initProcessEnabled
		"--user", compute.User,
		"--read-only",
		"--cap-drop", "ALL",
		"--security-opt", "no-new-privileges",
		// Not --cpus, which refuses more than this machine has.
		"--cpu-period", strconv.Itoa(cpuPeriod), "--cpu-quota", strconv.Itoa(s.CPU * cpuPeriod / unitsPerCPU),
		"--memory", memory, "--memory-swap", memory, // no swap, as on Fargate
		"--stop-timeout", strconv.Itoa(compute.StopTimeout),
		"--no-healthcheck", // ECS takes no notice of the image's HEALTHCHECK
		// Which docker logs can read, whatever the engine's default is, and which fills no disk.
		"--log-driver", "json-file", "--log-opt", "max-size=" + maxLog,
	}
	if s.Port != 0 {
		options = append(options, "--publish", fmt.Sprintf("127.0.0.1::%d", s.Port))
	}
	return append(options, mounts(s)...)
}

const (
	// maxLog is of the container's output that is kept, the last part.
	maxLog = "10m"
	// cpuPeriod is in microseconds, the default of the Linux kernel's CFS bandwidth control.
	cpuPeriod = 100_000
	// unitsPerCPU is the number of CPU units of a vCPU on ECS.
	unitsPerCPU = 1024
)

// mounts are the folders that the container may write to. Volumes get owner and mode from the image, as scratch paths
// do on ECS. The file system is an empty one that belongs to the container's user, as an access point's folder does.
func mounts(s config.Service) []string {
	var options []string
	for _, path := range s.ScratchPaths {
		options = append(options, "--mount", "type=volume,destination="+path)
	}
	if mount := s.Access.FileSystem; mount != nil {
		uid, gid, _ := strings.Cut(compute.User, ":")
		mode := "rw"
		if mount.Mode == "read" {
			mode = "ro"
		}
		options = append(
			options,
			"--tmpfs",
			fmt.Sprintf("%s:%s,exec,mode=0750,uid=%s,gid=%s", mount.Path, mode, uid, gid),
		)
	}
	return options
}

// environment is that of a container: lines has NAME=VALUE, multiline those whose value has several lines, which Docker
// reads from no file, and unset the names of the variables that exist on AWS only, and not in testEnvironment.
type environment struct {
	lines, multiline, unset []string
}

func environmentOf(s config.Service, region string) environment {
	var e environment
	values := map[string]string{"AWS_REGION": region} // which environment may replace
	maps.Copy(values, s.Environment)
	for _, name := range s.DeployedVariables() {
		delete(values, name)
		if _, given := s.TestEnvironment[name]; !given {
			e.unset = append(e.unset, name)
		}
	}
	maps.Copy(values, s.TestEnvironment)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		variable := name + "=" + values[name]
		if strings.ContainsAny(values[name], "\r\n") {
			e.multiline = append(e.multiline, variable)
			continue
		}
		e.lines = append(e.lines, variable)
	}
	return e
}

// write writes the lines to a file that only this user can read, and returns its path. Other users can see the command
// line of a process.
func (e environment) write() (string, error) {
	file, err := os.CreateTemp("", "awslab-environment-") // of mode 0600
	if err != nil {
		return "", fmt.Errorf("creating a file for the container's environment: %w", err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.WriteString(strings.Join(append(e.lines, ""), "\n")); err != nil {
		return "", fmt.Errorf("writing the container's environment: %w", err)
	}
	return file.Name(), nil
}

// flags name the variables whose values the client has in its own environment.
func (e environment) flags() []string {
	var flags []string
	for _, variable := range e.multiline {
		name, _, _ := strings.Cut(variable, "=")
		flags = append(flags, "--env", name)
	}
	return flags
}
