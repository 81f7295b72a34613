package images

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/awslab/awslab/internal/problem"
)

// checkContext sees to it that there is something to build.
func (args ImageArgs) checkContext() error {
	info, err := os.Stat(args.Context)
	if err != nil || !info.IsDir() {
		return problem.New("Context", "%q is not a folder; name the folder with the %s", args.Context, args.Dockerfile)
	}
	if !filepath.IsLocal(args.Dockerfile) {
		return problem.New(
			"Dockerfile",
			"%q is not below the context; name a file of %s",
			args.Dockerfile,
			args.Context,
		)
	}
	file := filepath.Join(args.Context, args.Dockerfile)
	if info, err := os.Stat(file); err != nil || info.IsDir() {
		return problem.New("Dockerfile", "there is no file %q", file)
	}
	return nil
}

// providerContext returns the context as the provider finds it from the folder it runs in.
func (args ImageArgs) providerContext() (string, error) {
	absolute, err := filepath.Abs(args.Context)
	if err != nil || args.ProgramDir == "" {
		return absolute, err
	}
	relative, err := filepath.Rel(args.ProgramDir, absolute)
	if err != nil {
		return "", fmt.Errorf("Context: finding the way from %s to %s: %w", args.ProgramDir, absolute, err)
	}
	return relative, nil
}

// tagLength is the number of hexadecimal digits of a tag: 64 bits, so that a repository of thousands of images has no
// two that share a tag by accident.
const tagLength = 16

// ContentTag derives an image's tag from all by which the provider decides whether to build again: the folder of the
// context, its files and folders that .dockerignore lets through, with their paths and modes, the Dockerfile, and the
// parameters. So a build never meets its own tag, which cannot be moved. Dates and owners do not count.
func (args ImageArgs) ContentTag() (string, error) {
	args = args.withDefaults()
	digest := sha256.New()
	folder, err := args.providerContext()
	if err != nil {
		return "", err
	}
	fmt.Fprintf(digest, "context %q dockerfile %q target %q arch %q\n",
		folder, args.Dockerfile, args.Target, args.Architecture)
	for _, key := range slices.Sorted(maps.Keys(args.Args)) {
		fmt.Fprintf(digest, "arg %q=%q\n", key, args.Args[key])
	}
	if err := addFile(digest, args.Context, args.Dockerfile); err != nil {
		return "", err
	}
	ignored, err := args.ignored()
	if err != nil {
		return "", err
	}
	err = filepath.WalkDir(args.Context, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(args.Context, path)
		if err != nil || relative == "." {
			return err
		}
		skip, err := ignored.MatchesOrParentMatches(relative)
		switch {
		case err != nil:
			return fmt.Errorf("matching %s against .dockerignore: %w", relative, err)
		case skip && entry.IsDir() && !ignored.Exclusions(): // with !, a pattern can bring back what lies below
			return fs.SkipDir
		case skip:
			return nil
		case entry.IsDir():
			return addFolder(digest, relative, entry)
		default:
			return addFile(digest, args.Context, relative)
		}
	})
	if err != nil {
		return "", fmt.Errorf("Context: reading %s: %w", args.Context, err)
	}
	return hex.EncodeToString(digest.Sum(nil))[:tagLength], nil
}

// ignored matches what the build does not see. The file <Dockerfile>.dockerignore goes before .dockerignore, as in
// Docker.
func (args ImageArgs) ignored() (*patternmatcher.PatternMatcher, error) {
	var patterns []string
	for _, name := range []string{args.Dockerfile + ".dockerignore", ".dockerignore"} {
		file, err := os.Open(filepath.Join(args.Context, name)) //nolint:gosec // below the context
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("Context: %w", err)
		}
		defer func() { _ = file.Close() }()
		if patterns, err = ignorefile.ReadAll(file); err != nil {
			return nil, fmt.Errorf("Context: reading %s: %w", file.Name(), err)
		}
		break
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("Context: what %s ignores: %w", args.Context, err)
	}
	return matcher, nil
}

func addFolder(digest hash.Hash, relative string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(digest, "folder %q %v\n", filepath.ToSlash(relative), info.Mode())
	return err
}

func addFile(digest hash.Hash, root, relative string) error {
	path := filepath.Join(root, relative)
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		fmt.Fprintf(digest, "link %q %q\n", filepath.ToSlash(relative), target)
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is neither a file, a folder nor a link; remove it or list it in .dockerignore", path)
	}
	fmt.Fprintf(digest, "file %q %v %d\n", filepath.ToSlash(relative), info.Mode(), info.Size())
	file, err := os.Open(path) //nolint:gosec // below the context
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = io.Copy(digest, file)
	return err
}
