package automation

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// PolicyPack is a CrossGuard pack that gates previews and updates.
type PolicyPack struct {
	// Path is an executable, or a folder with PulumiPolicy.yaml and the Go program of a pack, which is compiled first.
	Path string
	// Config is a JSON file with levels and settings, as for pulumi's --policy-pack-config. Empty means the pack's own.
	Config string
}

// absolutePacks returns packs by paths that lead to the same files from the project's folder, in which the engine runs,
// and refuses those that are not there.
func absolutePacks(packs []PolicyPack) ([]PolicyPack, error) {
	absolute := slices.Clone(packs) // nil where packs is
	for i, pack := range packs {
		var err error
		absolute[i].Path, err = existing("policy pack", pack.Path, "an executable, or a folder with PulumiPolicy.yaml")
		if err != nil {
			return nil, err
		}
		if pack.Config == "" {
			continue
		}
		if absolute[i].Config, err = existing("policies' configuration", pack.Config, "a JSON file"); err != nil {
			return nil, err
		}
	}
	return absolute, nil
}

// existing returns the absolute path of a file or folder, and refuses one that is not there.
func existing(field, path, allowed string) (string, error) {
	if path == "" {
		return "", &InputError{field, path, allowed}
	}
	absolute, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(absolute)
	}
	if err != nil {
		return "", &InputError{field, path, allowed + ": " + err.Error()}
	}
	return absolute, nil
}

// FindPolicyPacks returns root/policy if that is a pack, which then stands for all, or else the packs below it. Their
// configuration is root/policy/config/<name>.json of the first of the names that has one: a stack's, or else its
// profile's. Without any, the packs' own levels hold, which are mandatory.
func FindPolicyPacks(root string, names ...string) ([]PolicyPack, error) {
	const manifest = "PulumiPolicy.yaml"
	project := os.DirFS(cmp.Or(root, "."))
	manifests, err := fs.Glob(project, "policy/"+manifest)
	if err == nil && len(manifests) == 0 {
		manifests, err = fs.Glob(project, "policy/*/"+manifest)
	}
	if err != nil {
		return nil, fmt.Errorf("looking for policy packs: %w", err)
	}
	config := levelsFile(root, names...)
	packs := make([]PolicyPack, len(manifests))
	for i, manifest := range manifests {
		packs[i] = PolicyPack{Path: filepath.Join(root, filepath.Dir(manifest)), Config: config}
	}
	return packs, nil
}

// levelsFile returns the first configuration of the packs that there is, or nothing.
func levelsFile(root string, names ...string) string {
	for _, name := range names {
		path := filepath.Join(root, "policy", "config", name+".json")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// PolicyPacks returns the packs that judge the stack, with their configurations.
func (l *Lab) PolicyPacks() []PolicyPack { return slices.Clone(l.packs) }

// buildPacks returns the packs as the engine requires them: executables, which start at once where a folder would be
// compiled in every run, and as many configurations as packs.
func (l *Lab) buildPacks(ctx context.Context) (paths, configs []string, err error) {
	for _, pack := range l.packs {
		path, err := buildPack(ctx, l.options.ProjectDir, pack.Path)
		if err != nil {
			return nil, nil, err
		}
		paths = append(paths, path)
		if pack.Config != "" {
			configs = append(configs, pack.Config)
		}
	}
	if len(configs) > 0 && len(configs) != len(paths) {
		return nil, nil, &InputError{
			Field:   "policy packs",
			Value:   fmt.Sprintf("%d packs with %d configurations", len(paths), len(configs)),
			Allowed: "a configuration for every pack or for none",
		}
	}
	return paths, configs, nil
}

// buildPack returns the path of the pack's executable, which it compiles below projectDir where path is a folder.
func buildPack(ctx context.Context, projectDir, path string) (string, error) {
	// The Go command looks for the module of the folder that it stands in, link or not.
	given := path
	path, err := filepath.EvalSymlinks(given)
	if err != nil {
		return "", fmt.Errorf("looking for policy pack %s: %w", given, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("looking for policy pack %s: %w", given, err)
	}
	if !info.IsDir() {
		return path, nil
	}
	folder := filepath.Join(projectDir, ".awslab", "policy")
	target := filepath.Join(folder, filepath.Base(path))
	// go build leaves an executable that is up to date as it is.
	cmd := exec.CommandContext(ctx, "go", "build", "-o", target, ".")
	cmd.Dir = path
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return "", orCancelled(ctx, newPackError(path, folder, err, output.String()))
	}
	return target, nil
}

// PackError says that a policy pack cannot be compiled. Nothing was done.
type PackError struct {
	// Pack is the folder of the pack.
	Pack string
	// Reason says what is wrong, in the words of the Go command or the system, and Next what to do.
	Reason, Next string
}

func (e *PackError) Error() string {
	return fmt.Sprintf("policy pack %s cannot be compiled: %s; %s", e.Pack, e.Reason, e.Next)
}

// unwritable is how the system says that it does not let a user write.
var unwritable = regexp.MustCompile("permission denied|" + unstorable.String())

func newPackError(pack, folder string, err error, output string) *PackError {
	if errors.Is(err, exec.ErrNotFound) {
		return &PackError{pack, "there is no go command", "install Go, and put it on PATH"}
	}
	if reason := unwritable.FindString(output); reason != "" {
		return &PackError{pack, reason, fmt.Sprintf("free space, or make writable, where it is compiled (%s, the "+
			"temporary folder and Go's cache), or work in a copy of the project that can be written", folder)}
	}
	return &PackError{pack, cmp.Or(strings.TrimSpace(output), err.Error()), "correct that, and run the command again"}
}
