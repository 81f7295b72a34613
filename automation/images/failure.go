package images

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/awslab/awslab/components/compute"
	"github.com/awslab/awslab/infra/config"
)

// FailureKind says at what an image failed.
type FailureKind string

const (
	// BuildFailed says that the image could not be built.
	BuildFailed FailureKind = "build"
	// RunsAsRoot says that the image's user is root.
	RunsAsRoot FailureKind = "root"
	// StartsNothing says that the image has no command.
	StartsNothing FailureKind = "command"
	// Exited says that the container exited before it was stopped.
	Exited FailureKind = "exited"
	// WritesToRoot says that the container writes to its root file system, which is read-only.
	WritesToRoot FailureKind = "readOnlyRootFileSystem"
	// Unhealthy says that the container did not become healthy in time.
	Unhealthy FailureKind = "healthCheck"
	// SmokeFailed says that a smoke request got another response.
	SmokeFailed FailureKind = "smoke"
	// IgnoresStop says that the container still ran at its stop timeout.
	IgnoresStop FailureKind = "stopTimeout"
	// WrongExitCode says that the container exited with neither 0 nor 143 on SIGTERM.
	WrongExitCode FailureKind = "exitCode"
	// EngineFailed says that a command of the Docker engine failed.
	EngineFailed FailureKind = "engine"
)

// Failure says why an image failed.
type Failure struct {
	Kind FailureKind `json:"kind"`
	// Message says what failed and what to do about it.
	Message string `json:"message"`
	// Log has the last lines of the build or of the container.
	Log []string `json:"log,omitempty"`
}

func (f *Failure) Error() string {
	lines := []string{f.Message}
	for _, line := range f.Log {
		lines = append(lines, "  | "+line)
	}
	return strings.Join(lines, "\n")
}

// unsetVariables heads a list of names.
const unsetVariables = "Environment variables that are unset here, because only the deployment knows their values"

// unset adds to a container that exited or is unhealthy which variables it did not have.
func (f *Failure) unset(names []string) {
	if len(names) > 0 && (f.Kind == Exited || f.Kind == Unhealthy) {
		f.Message += ". " + unsetVariables + ": " + strings.Join(names, ", ") +
			"; give values for this test in testEnvironment of the service"
	}
}

// FailedError says that images failed.
type FailedError struct {
	// Results are those of all images.
	Results []Result
}

func (e *FailedError) Error() string {
	var lines []string
	for _, r := range e.Results {
		if r.Failure != nil {
			lines = append(lines, r.Service+": "+strings.ReplaceAll(r.Failure.Error(), "\n", "\n  "))
		}
	}
	return fmt.Sprintf("%d of %d images failed:\n  %s\nCorrect them, and try them with awslab images test",
		len(lines), len(e.Results), strings.Join(lines, "\n  "))
}

// failed returns nil if no image failed.
func failed(results []Result) error {
	if slices.ContainsFunc(results, func(r Result) bool { return r.Outcome == Failed }) {
		return &FailedError{Results: results}
	}
	return nil
}

func encryptedArgument(name string) *Failure {
	return &Failure{Kind: BuildFailed, Message: fmt.Sprintf(
		"the build argument %s in image.args is encrypted; write it in clear text, because the image's history shows "+
			"it to everybody who can pull the image",
		name,
	)}
}

func runsAsRoot(s config.Service, user string) *Failure {
	found := "USER is " + user
	if user == "" {
		found = "there is no USER instruction"
	}
	return &Failure{Kind: RunsAsRoot, Message: fmt.Sprintf(
		"the image runs as root, because in its Dockerfile %s; add USER %s to %s/%s, the user that ECS starts it as",
		found, compute.User, s.Image.Context, s.Image.Dockerfile,
	)}
}

func startsNothing() *Failure {
	return &Failure{
		Kind: StartsNothing,
		Message: "the image starts nothing, because it has neither ENTRYPOINT nor CMD; name its executable in an " +
			"ENTRYPOINT instruction of the Dockerfile",
	}
}

// readOnlyError is the text of EROFS, in all languages' libraries (errno(3)).
const readOnlyError = "read-only file system"

// notStarted is what the init process of Docker, tini, says of a command that it cannot execute.
var notStarted = regexp.MustCompile(`^\[FATAL tini \(\d+\)\] exec (.+) failed: (.+)$`)

// tells reports whether a line of a container's log says why the container does not work.
func tells(line string) bool {
	return strings.Contains(strings.ToLower(line), readOnlyError) || notStarted.MatchString(line)
}

// inContainer completes a failure of a container with the last lines of its log, and with the first line that tells why
// the container does not work, if there is one.
func (f *Failure) inContainer(log []string, told string) *Failure {
	f.Log = log
	if told == "" || !slices.Contains([]FailureKind{Exited, Unhealthy, SmokeFailed}, f.Kind) {
		return f
	}
	if command := notStarted.FindStringSubmatch(told); command != nil {
		f.Message = fmt.Sprintf(
			"the container cannot start %s (%s): the image does not have it or what it needs, or it is not "+
				"executable, or for another architecture; correct the Dockerfile",
			command[1], command[2],
		)
		return f
	}
	return &Failure{Kind: WritesToRoot, Log: log, Message: fmt.Sprintf(
		"the container writes to its root file system, which is a read-only file system on ECS too (%s); write below "+
			"a folder of scratchPaths, or of access.fileSystem",
		strings.TrimSpace(told),
	)}
}

func exited(s config.Service, after time.Duration, ended state) *Failure {
	message := fmt.Sprintf(
		"the container exited with code %d after %s, before it was stopped; correct what its log says",
		ended.ExitCode, seconds(after),
	)
	if ended.OOMKilled {
		message = fmt.Sprintf("the container was killed because it used more than %d MiB; raise memory", s.Memory)
	}
	return &Failure{Kind: Exited, Message: message}
}

func unhealthy(s config.Service, after time.Duration, last error) *Failure {
	return &Failure{Kind: Unhealthy, Message: fmt.Sprintf(
		"the container was not healthy within %s (%v); correct the service, or healthCheck of %s",
		seconds(after), last, s.Name,
	)}
}

func smokeFailed(request config.SmokeRequest, got string) *Failure {
	return &Failure{Kind: SmokeFailed, Message: fmt.Sprintf(
		"%s %s %s, and smoke expects the status %d; correct the service or its smoke requests",
		request.Method, request.Path, got, request.Status,
	)}
}

func ignoresStop() *Failure {
	return &Failure{Kind: IgnoresStop, Message: fmt.Sprintf(
		"the container ignored SIGTERM and was killed after %d s, its stop timeout on ECS; on SIGTERM finish the "+
			"requests in flight and exit with code 0",
		compute.StopTimeout,
	)}
}

func wrongExitCode(code int) *Failure {
	return &Failure{Kind: WrongExitCode, Message: fmt.Sprintf(
		"the container exited with code %d on SIGTERM; handle SIGTERM: finish the requests in flight and exit "+
			"with code 0, or 143 as a JVM does",
		code,
	)}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
