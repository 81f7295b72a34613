// Package offline is the offline target: a private PULUMI_HOME in which the plugins for aws, awsx and docker are
// stand-ins, and a record of what they created, the world. The engine, the state, the policy packs and, where a
// Docker Engine runs, the images are real; only AWS is stood in for.
//
// The automation package opens a Home to run an operation offline. Nothing in the Pulumi program knows of it: the
// target is chosen by the environment of the engine alone, which is also how the stock pulumi command is pointed at
// it (see Environment).
package offline

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3"

	"github.com/awslab/awslab/automation/offline/internal/aws/calls"
	"github.com/awslab/awslab/automation/offline/internal/aws/cloudcontrol"
	"github.com/awslab/awslab/automation/offline/internal/aws/ecs"
	"github.com/awslab/awslab/automation/offline/internal/outage"
	"github.com/awslab/awslab/automation/offline/internal/schema"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// PluginCommand is the file name of the executable that plays every stand-in.
const PluginCommand = "awslab-offline"

// WorldVariable names the environment variable through which a stand-in is told where the world is.
const WorldVariable = world.Variable

// Home is one offline target: its plugins, its state backend, its passphrase and its world, all under Dir.
type Home struct {
	Dir string
}

// plugin is a stand-in as the engine looks for it.
type plugin struct {
	kind, name, version string
}

func (p plugin) dir() string { return fmt.Sprintf("%s-%s-v%s", p.kind, p.name, p.version) }

// executable returns the name under which the engine starts the plugin, and by which the executable knows its role.
func (p plugin) executable() string { return fmt.Sprintf("pulumi-%s-%s", p.kind, p.name) }

// Open prepares the offline target in dir, creating what is missing; what exists already, the world above all, is
// kept. executable plays the stand-ins (see FindPlugin). languageHost adds one for the runtime go, for an engine that
// ships without.
func Open(dir, executable string, languageHost bool) (*Home, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("resolving the offline target's folder: %w", err)
	}
	if executable, err = filepath.Abs(executable); err != nil {
		return nil, fmt.Errorf("resolving the path of the stand-ins: %w", err)
	}
	h := &Home{Dir: dir}
	for _, folder := range []string{h.Dir, h.PulumiHome(), h.StateFolder()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, unwritable(folder, err)
		}
	}
	if err := h.ensurePassphrase(); err != nil {
		return nil, err
	}
	if err := h.preventLogs(); err != nil {
		return nil, err
	}
	plugins, err := standIns(languageHost)
	if err != nil {
		return nil, err
	}
	for _, p := range plugins {
		if err := h.install(p, executable); err != nil {
			return nil, fmt.Errorf("installing the stand-in for %s: %w", p.name, err)
		}
	}
	return h, nil
}

// standIns lists the plugins under the versions that the Go SDKs ask for.
func standIns(languageHost bool) ([]plugin, error) {
	var plugins []plugin
	for _, load := range []func() (*schema.Package, error){schema.AWS, schema.AWSX, schema.Docker} {
		pkg, err := load()
		if err != nil {
			return nil, fmt.Errorf("loading the schema of a stand-in: %w", err)
		}
		plugins = append(plugins, plugin{kind: "resource", name: pkg.Name, version: pkg.Version})
	}
	if languageHost {
		plugins = append(plugins, plugin{kind: "language", name: "go", version: sdk.Version.String()})
	}
	return plugins, nil
}

// preventLogs puts a file where the engine would make its folder of logs: it writes 3 MB for every operation of a stack
// like prod, which nobody reads here and which take a third of the time of a preview. No setting turns them off.
func (h *Home) preventLogs() error {
	logs := filepath.Join(h.PulumiHome(), "logs")
	if info, err := os.Stat(logs); err == nil && info.Mode().IsRegular() {
		return nil
	}
	if err := os.RemoveAll(logs); err != nil {
		return unwritable(logs, err)
	}
	if err := os.WriteFile(logs, nil, 0o600); err != nil {
		return unwritable(logs, err)
	}
	return nil
}

// PulumiHome returns the private PULUMI_HOME.
func (h *Home) PulumiHome() string { return filepath.Join(h.Dir, "home") }

func (h *Home) worldFile() string { return filepath.Join(h.Dir, "world.db") }

// StateFolder is where the engine keeps the states of the stacks of this target.
func (h *Home) StateFolder() string { return filepath.Join(h.Dir, "state") }
func (h *Home) passphrase() string  { return filepath.Join(h.Dir, "passphrase") }

// BackendURL is where the engine keeps the state of the stacks of this target.
//
// Without files of metadata beside the state, which the engine does not write at once: one that is cut off, as the
// engine is killed, makes the state unreadable.
func (h *Home) BackendURL() string {
	// The rest of a path the engine takes as it is.
	path := strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23").Replace(h.StateFolder())
	return "file://" + path + "?metadata=skip"
}

// HasStack reports whether the backend knows the stack, without the cost of asking the engine.
func (h *Home) HasStack(project, stack string) bool {
	_, err := os.Stat(h.stateFile(project, stack))
	return err == nil
}

// Environment returns what points an engine, the stock one too, at this target.
func (h *Home) Environment() map[string]string {
	return map[string]string{
		"PULUMI_HOME":                   h.PulumiHome(),
		"PULUMI_BACKEND_URL":            h.BackendURL(),
		"PULUMI_CONFIG_PASSPHRASE_FILE": h.passphrase(),
		WorldVariable:                   h.worldFile(),
		"PULUMI_SKIP_UPDATE_CHECK":      "true",
		// Real plugins on PATH or from the internet must never take the stand-ins' place.
		"PULUMI_IGNORE_AMBIENT_PLUGINS":               "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
		// The stack's secrets manager is found in its state: the stack's configuration file has none.
		"PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
	}
}

// inWorld calls f with the world open.
func (h *Home) inWorld(f func(*world.World) error) error {
	w, err := world.New(h.worldFile())
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }()
	return f(w)
}

// Thing is something that exists in the world.
type Thing struct {
	Region string `json:"region,omitempty"`
	Type   string `json:"type"`
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	URN    string `json:"urn"`
}

// List returns everything that exists in the world, sorted.
func (h *Home) List(ctx context.Context) ([]Thing, error) {
	if exists, err := h.readable(ctx); err != nil || !exists {
		return nil, err
	}
	var found []*world.Thing
	if err := h.inWorld(func(w *world.World) (err error) {
		if found, err = w.List(ctx); err != nil {
			return fmt.Errorf("listing the world: %w", err)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	things := make([]Thing, len(found))
	for i, t := range found {
		things[i] = Thing{Region: t.Region, Type: t.Type, ID: t.ID, Name: t.Name, URN: t.URN}
	}
	return things, nil
}

// CloudControl serves AWS Cloud Control API over the world on loopback, until the context ends, and returns its URL.
func (h *Home) CloudControl(ctx context.Context) (string, error) {
	w, err := world.New(h.worldFile())
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", errors.Join(fmt.Errorf("listening for calls of Cloud Control API: %w", err), w.Close())
	}
	server := &http.Server{Handler: cloudcontrol.Handler(w), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = errors.Join(server.Close(), w.Close()) })
	return "http://" + listener.Addr().String(), nil
}

// Fault is a failure, or a delay, that the offline target is asked for: see its fields.
type Fault = world.Fault

// Moment is when a fault strikes: before a thing is created, say, or once it is there and the engine has yet to learn
// of it.
type Moment = world.Operation

// The moments of operations that change something.
const (
	Create  = world.Create
	Created = world.Created
	Update  = world.Update
	Updated = world.Updated
	Delete  = world.Delete
	Deleted = world.Deleted
	// Run is when the tasks of an ECS service's deployment run, or those that a function runs before and after it.
	Run = world.Run
)

// How tasks fail, as the code of a fault of [Run]. Those that a function runs only exit.
const (
	Unhealthy = world.Unhealthy
	Exit      = world.Exit
	Alarm     = world.Alarm
)

// Inject asks for a fault.
func (h *Home) Inject(ctx context.Context, fault Fault) error {
	if err := os.MkdirAll(h.Dir, 0o700); err != nil { // of a stack that was never up
		return fmt.Errorf("creating the folder of the offline target: %w", err)
	}
	return h.inWorld(func(w *world.World) error { return w.AddFault(ctx, fault) })
}

// Faults returns the number of faults that have yet to strike.
func (h *Home) Faults(ctx context.Context) (left int, err error) {
	err = h.inWorld(func(w *world.World) (err error) {
		left, err = w.Faults(ctx)
		return err
	})
	return left, err
}

// TaskAPI answers what is asked of ECS and CloudWatch Logs about the deployments in a world.
type TaskAPI = ecs.API

// Tasks calls f with the API of the world's deployments.
func (h *Home) Tasks(f func(TaskAPI) error) error {
	return h.inWorld(func(w *world.World) error { return f(TaskAPI{World: w}) })
}

// Outage is something that did not work in the middle of a recording, though it worked before and after.
type Outage = outage.Outage

// unhurried are the types whose resources take AWS minutes, in which everything that does not wait for them goes on.
var unhurried = []string{
	"aws:ecs/service:Service", "aws:ec2/natGateway:NatGateway", "aws:ec2/vpcEndpoint:VpcEndpoint",
	"aws:efs/mountTarget:MountTarget", "aws:rds/instance:Instance", "aws:rds/cluster:Cluster", "aws:rds/proxy:Proxy",
}

// unhurriedDelay is longer than everything takes that does not wait.
const unhurriedDelay = 700 * time.Millisecond

// Record begins to record every change of the world, for [Home.Outages].
func (h *Home) Record(ctx context.Context) error {
	return h.inWorld(func(w *world.World) error {
		for _, typ := range unhurried {
			for _, moment := range []Moment{Created, Updated} {
				if err := w.AddFault(ctx, Fault{
					Operation: moment, URN: "*" + typ + "::*", Delay: unhurriedDelay, Times: math.MaxInt32,
				}); err != nil {
					return err
				}
			}
		}
		return w.Record(ctx)
	})
}

// Outages ends a recording and returns what did not work at a step of it: requests of clients, and what the tasks of
// services need, that worked before the recording and after it.
func (h *Home) Outages(ctx context.Context) (found []Outage, err error) {
	err = h.inWorld(func(w *world.World) (err error) {
		if found, err = outage.Find(ctx, w); err != nil {
			return fmt.Errorf("looking for outages: %w", err)
		}
		return errors.Join(w.ClearFaults(ctx), w.Forget(ctx))
	})
	return found, err
}

// Audit is what IAM has to say of the world: each call that a service of AWS or a program makes there is decided by the
// policies that exist.
type Audit struct {
	// Denied are the calls that are not allowed, with the reason.
	Denied []string `json:"denied"`
	// Unused are the permissions that no call needs.
	Unused []string `json:"unused"`
}

// Audit decides every call in the world. An update has been refused already where one of AWS's own calls is denied.
func (h *Home) Audit(ctx context.Context) (Audit, error) {
	if exists, err := h.readable(ctx); err != nil || !exists {
		return Audit{Denied: []string{}, Unused: []string{}}, err
	}
	w, err := world.New(h.worldFile())
	if err != nil {
		return Audit{}, err
	}
	defer func() { _ = w.Close() }()
	audit := Audit{Denied: []string{}, Unused: []string{}} // lists in JSON, too
	err = w.View(ctx, func(tx *world.Tx) error {
		review, err := calls.Review(tx)
		for _, verdict := range review.Denied {
			audit.Denied = append(audit.Denied, verdict.String())
		}
		for _, grant := range review.Unused {
			audit.Unused = append(audit.Unused, grant.String())
		}
		return err
	})
	if err != nil {
		return Audit{}, fmt.Errorf("auditing the policies in the world: %w", err)
	}
	return audit, nil
}

// FindPlugin looks for the stand-ins' executable: beside the running executable, then on PATH.
func FindPlugin() (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), PluginCommand)
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	path, err := exec.LookPath(PluginCommand)
	if err != nil {
		return "", fmt.Errorf("the offline target's stand-ins (%s) are neither beside this program nor on PATH; "+
			"build them with: go build -o bin/%s "+
			"github.com/awslab/awslab/automation/offline/cmd/awslab-offline", PluginCommand, PluginCommand)
	}
	return filepath.Abs(path)
}

func (h *Home) ensurePassphrase() error {
	if _, err := os.Stat(h.passphrase()); err == nil {
		return nil
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return fmt.Errorf("making a passphrase: %w", err)
	}
	// Written aside and linked, so that whoever opens the target at the same time finds the whole of one passphrase.
	file, err := os.CreateTemp(h.Dir, ".passphrase-")
	if err != nil {
		return fmt.Errorf("writing the passphrase: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.WriteString(hex.EncodeToString(random))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing the passphrase: %w", err)
	}
	if err := os.Link(file.Name(), h.passphrase()); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("writing the passphrase: %w", err)
	}
	return nil
}

// install links the executable into the plugin cache. The folder must be a real one: the engine passes over links
// to folders, but follows a link to the executable.
func (h *Home) install(p plugin, executable string) error {
	dir := filepath.Join(h.PulumiHome(), "plugins", p.dir())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	link := filepath.Join(dir, p.executable())
	if current, err := os.Readlink(link); err == nil && current == executable {
		return nil
	}
	if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Symlink(executable, link); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}
