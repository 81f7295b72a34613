package docker

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/awslab/awslab/automation/offline/internal/template"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// buildContext is the folder that a build may read, and the Dockerfile, which need not be in it.
type buildContext struct {
	dir        string
	dockerfile []byte
	// name is the Dockerfile's in the archive, with slashes.
	name string
	// inside reports whether the Dockerfile is in the folder.
	inside  bool
	ignored *patternmatcher.PatternMatcher
}

// outsideName is what a Dockerfile from outside the folder is called in the archive.
const outsideName = ".Dockerfile.outside"

// openContext reads the Dockerfile and what is to be ignored; dockerfile is a path of its own, not one below dir. The
// file <dockerfile>.dockerignore goes before .dockerignore, as in Docker.
func openContext(dir, dockerfile string) (*buildContext, error) {
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		return nil, fmt.Errorf("reading the Dockerfile: %w", err)
	}
	c := &buildContext{dir: dir, dockerfile: text, name: outsideName}
	if c.inside, c.name, err = nameWithin(dir, dockerfile); err != nil {
		return nil, err
	}
	patterns, err := ignorePatterns(dockerfile+".dockerignore", filepath.Join(dir, ".dockerignore"))
	if err != nil {
		return nil, err
	}
	if c.ignored, err = patternmatcher.New(patterns); err != nil {
		return nil, fmt.Errorf("reading what %s ignores: %w", dir, err)
	}
	return c, nil
}

func nameWithin(dir, path string) (inside bool, name string, err error) {
	absDir, err := filepath.Abs(dir)
	if err != nil {
		return false, "", fmt.Errorf("resolving the build context: %w", err)
	}
	absPath, err := filepath.Abs(path)
	if err != nil {
		return false, "", fmt.Errorf("resolving the Dockerfile: %w", err)
	}
	rel, err := filepath.Rel(absDir, absPath)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return false, outsideName, nil
	}
	return true, filepath.ToSlash(rel), nil
}

func ignorePatterns(candidates ...string) ([]string, error) {
	for _, path := range candidates {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		defer f.Close()
		patterns, err := ignorefile.ReadAll(f)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		return patterns, nil
	}
	return nil, nil
}

// writeTar writes the folder as the builder gets it. It is the same archive wherever and whenever the same files are
// written: in order, without owners and times, and without the write permissions that a umask grants to others.
func (c *buildContext) writeTar(w io.Writer) error {
	archive := tar.NewWriter(w)
	err := filepath.WalkDir(c.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(c.dir, path)
		if err != nil || rel == "." {
			return err
		}
		ignored, err := c.ignored.MatchesOrParentMatches(rel)
		if err != nil {
			return fmt.Errorf("deciding whether %s is ignored: %w", rel, err)
		}
		if ignored && filepath.ToSlash(rel) != c.name {
			// A later pattern may bring back what is below an ignored folder, and so may the Dockerfile's place.
			if entry.IsDir() && !c.ignored.Exclusions() && !strings.HasPrefix(c.name, filepath.ToSlash(rel)+"/") {
				return filepath.SkipDir
			}
			return nil
		}
		return c.writeEntry(archive, path, filepath.ToSlash(rel), entry)
	})
	if err != nil {
		return fmt.Errorf("reading the build context %s: %w", c.dir, err)
	}
	if !c.inside {
		header := &tar.Header{
			Name:     outsideName,
			Mode:     0o644,
			Size:     int64(len(c.dockerfile)),
			Typeflag: tar.TypeReg,
			ModTime:  time.Unix(0, 0),
		}
		if err := writeFile(archive, header, strings.NewReader(string(c.dockerfile))); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("archiving the build context %s: %w", c.dir, err)
	}
	return nil
}

func (c *buildContext) writeEntry(archive *tar.Writer, path, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: int64(info.Mode().Perm()), ModTime: time.Unix(0, 0)}
	switch {
	case info.IsDir():
		header.Typeflag, header.Name = tar.TypeDir, name+"/"
		return archive.WriteHeader(header)
	case info.Mode()&fs.ModeSymlink != 0:
		header.Typeflag = tar.TypeSymlink
		if header.Linkname, err = os.Readlink(path); err != nil {
			return err
		}
		return archive.WriteHeader(header)
	case !info.Mode().IsRegular():
		// Sockets, pipes and devices are no content.
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	header.Typeflag, header.Size = tar.TypeReg, info.Size()
	return writeFile(archive, header, f)
}

func writeFile(archive *tar.Writer, header *tar.Header, content io.Reader) error {
	if err := archive.WriteHeader(header); err != nil {
		return fmt.Errorf("archiving %s: %w", header.Name, err)
	}
	if _, err := io.Copy(archive, content); err != nil {
		return fmt.Errorf("archiving %s: %w", header.Name, err)
	}
	return nil
}

// digest identifies what the builder gets to read, in hexadecimal.
func (c *buildContext) digest() (string, error) {
	hash := sha256.New()
	fmt.Fprintf(hash, "%d\n%s", len(c.dockerfile), c.dockerfile)
	if err := c.writeTar(hash); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// madeUpDigest returns a digest for an image that was not built. Each build has another one, as files in an image have
// dates.
func madeUpDigest() string { return "sha256:" + template.RandomHex(hex.EncodedLen(sha256.Size)) }
