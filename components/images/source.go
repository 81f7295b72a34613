package images

import (
	"context"
	"os/exec"
	"strings"
)

// Source says which commit an image is built from, for the labels org.opencontainers.image.revision and created. It is
// no part of the content tag: a commit that does not change the build context builds nothing.
type Source struct {
	// Revision is the hash of the commit. It ends in -dirty if the build context has changes that are not committed.
	Revision string
	// Created is the time of the commit (RFC 3339), so that building a commit again gives the same label.
	Created string
}

// SourceOf returns the commit that the working tree of a build context has checked out. It is empty if the folder is
// not in a Git working tree, or if there is no git command.
func SourceOf(ctx context.Context, folder string) Source {
	log, err := git(ctx, folder, "log", "-1", "--format=%H %cI")
	if err != nil {
		return Source{}
	}
	source := parseSource(log)
	if changes, err := git(ctx, folder, "status", "--porcelain", "--", "."); err != nil || changes != "" {
		source.Revision += "-dirty"
	}
	return source
}

// git takes no lock, so that it is in nobody's way.
func git(ctx context.Context, folder string, args ...string) (string, error) {
	args = append([]string{"--no-optional-locks", "-C", folder}, args...)
	output, err := exec.CommandContext(ctx, "git", args...).Output()
	return strings.TrimSpace(string(output)), err
}

// String returns the source as parseSource reads it.
func (s Source) String() string { return strings.TrimSpace(s.Revision + " " + s.Created) }

func parseSource(text string) Source {
	revision, created, _ := strings.Cut(text, " ")
	return Source{revision, created}
}
