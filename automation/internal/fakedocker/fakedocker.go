// Package fakedocker is a docker command that plays a Docker engine for tests, and records how it was called. As trivy
// the same command plays a scanner of images.
package fakedocker

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Engine is how the engine behaves.
type Engine struct {
	// Down is an engine that does not answer, and DownAfter the command after which it no longer does.
	Down      bool
	DownAfter string
	// Build is what a build prints, which fails unless BuildCode is 0.
	Build     string
	BuildCode int
	// Missing says that no image is there.
	Missing bool
	// Architecture and User are the image's, and so is Cmd, in JSON, by default one word.
	Architecture, User, Cmd string
	// ExitsAtOnce with ExitCode and OOMKilled, or on SIGTERM with StopCode.
	ExitsAtOnce, OOMKilled bool
	ExitCode, StopCode     int
	// HealthCode is the exit code of the health check, HealthSays what it prints.
	HealthCode int
	HealthSays string
	// Log is what the container prints.
	Log string
	// Address is where the container's port is published.
	Address string
	// Report is what trivy prints, by default that there is nothing to report, and ScanCode its exit code.
	Report   string
	ScanCode int
	// RemoveCode is the exit code of docker rm.
	RemoveCode int
}

// The command reads the Engine as JSON from Variable, and records its calls in the folder that FolderVariable names.
const (
	Variable       = "AWSLAB_FAKE_DOCKER"
	FolderVariable = "AWSLAB_FAKE_DOCKER_FOLDER"
)

// Scanner is the name of the command that plays a scanner.
const Scanner = "trivy"

// Main does what the command's arguments say, and returns its exit code.
func Main(command string, args []string) int {
	var engine Engine
	if err := json.Unmarshal([]byte(os.Getenv(Variable)), &engine); err != nil {
		panic(err)
	}
	if filepath.Base(command) == Scanner {
		return engine.scan()
	}
	if err := record(args); err != nil {
		panic(err)
	}
	return engine.run(args)
}

func (f Engine) scan() int {
	fmt.Println(cmp.Or(f.Report, `{"SchemaVersion": 2}`))
	if f.ScanCode != 0 {
		fmt.Fprintln(os.Stderr, "FATAL failed to download vulnerability DB")
	}
	return f.ScanCode
}

// Call is one command of the client as the fake got it.
type Call struct {
	Args []string
	// EnvFile is the content of the file of --env-file, Mode its mode.
	EnvFile string
	Mode    os.FileMode
	// Variables is the client's environment.
	Variables []string
}

func (f Engine) run(args []string) int {
	stopped := filepath.Join(os.Getenv(FolderVariable), "stopped")
	down := filepath.Join(os.Getenv(FolderVariable), "down")
	if _, err := os.Stat(down); err == nil {
		f.Down = true
	}
	if args[0] == f.DownAfter {
		if err := os.WriteFile(down, nil, 0o600); err != nil {
			panic(err)
		}
	}
	switch command := args[0]; {
	case f.Down:
		fmt.Fprintln(os.Stderr, "Cannot connect to the Docker daemon. Is the docker daemon running?")
		return 1
	case command == "version":
		fmt.Println("linux/amd64")
	case command == "build":
		fmt.Fprintln(os.Stderr, f.Build)
		return f.BuildCode
	case command == "image" && f.Missing:
		fmt.Fprintln(os.Stderr, "Error: No such image")
		return 1
	case command == "image":
		fmt.Printf(`{"Id": "sha256:1", "Os": "linux", "Architecture": %q, "Size": 12000000,
			"RootFS": {"Layers": ["a", "b"]}, "Config": {"User": %q, "Cmd": %s}}`,
			f.Architecture, f.User, cmp.Or(f.Cmd, `["/web"]`))
	case command == "container":
		_, err := os.Stat(stopped)
		code := f.ExitCode
		if err == nil {
			code = f.StopCode
		}
		fmt.Printf(`{"State": {"Running": %t, "ExitCode": %d, "OOMKilled": %t}}`,
			err != nil && !f.ExitsAtOnce, code, f.OOMKilled)
	case command == "port":
		fmt.Println(f.Address)
	case command == "exec":
		fmt.Fprintln(os.Stderr, f.HealthSays)
		return f.HealthCode
	case command == "wait":
		for caller := os.Getppid(); os.Getppid() == caller; { // or until it is interrupted
			time.Sleep(100 * time.Millisecond)
		}
	case command == "logs":
		fmt.Println(f.Log)
	case command == "start":
		_ = os.Remove(stopped)
	case command == "stop":
		if err := os.WriteFile(stopped, nil, 0o600); err != nil {
			panic(err)
		}
	case command == "rm":
		return f.RemoveCode
	}
	return 0
}

// record keeps the call in a file of its own, named by its time.
func record(args []string) error {
	c := Call{Args: args, Variables: os.Environ()}
	if at := slices.Index(args, "--env-file"); at >= 0 {
		content, err := os.ReadFile(args[at+1])
		if err != nil {
			return err
		}
		info, err := os.Stat(args[at+1])
		if err != nil {
			return err
		}
		c.EnvFile, c.Mode = string(content), info.Mode().Perm()
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	// It appears whole, because a test may look for it meanwhile.
	path := filepath.Join(os.Getenv(FolderVariable), fmt.Sprintf("call-%d.json", time.Now().UnixNano()))
	if err := os.WriteFile(path+".part", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
