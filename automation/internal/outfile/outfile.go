// Package outfile writes the files that a user names, and copies that are kept: whole or not at all, and readable by
// their owner alone.
package outfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Check returns an error if no file can be written at path.
func Check(path string) error {
	target, special, err := follow(path)
	if err != nil || special {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(target), ".awslab-*")
	if err != nil {
		return reasonOf(err)
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// Write has write fill a file of mode 0600, and puts it at path once that succeeds. Where path is a symbolic link, the
// file takes the place of what the link leads to. A device or a pipe gets the content.
func Write(path string, write func(file string) error) error {
	target, special, err := follow(path)
	if err != nil {
		return err
	}
	folder := filepath.Dir(target)
	if special {
		folder = ""
	}
	file, err := os.CreateTemp(folder, ".awslab-*")
	if err != nil {
		return reasonOf(err)
	}
	defer func() { _ = os.Remove(file.Name()) }()
	if err := errors.Join(file.Close(), write(file.Name())); err != nil {
		return err
	}
	if special {
		return send(file.Name(), path)
	}
	return os.Rename(file.Name(), target)
}

// maxLinks is how many links Linux follows (path_resolution(7)).
const maxLinks = 40

// follow returns the path that symbolic links lead to, whether there is a file or not, and whether what is there is
// neither a file nor a folder.
func follow(path string) (target string, special bool, err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return "", false, errors.New("it is a folder")
		}
		return path, true, nil
	}
	target = path
	for range maxLinks {
		folder, err := filepath.EvalSymlinks(filepath.Dir(target))
		if err != nil {
			return "", false, reasonOf(err)
		}
		target = filepath.Join(folder, filepath.Base(target))
		next, err := os.Readlink(target)
		if err != nil {
			return target, false, nil // it is no link
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(folder, next)
		}
		target = next
	}
	return "", false, errors.New("its symbolic links lead nowhere")
}

func send(file, path string) error {
	content, err := os.ReadFile(file) //nolint:gosec // written by [Write]
	if err != nil {
		return err
	}
	to, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = to.Write(content)
	return errors.Join(err, to.Close())
}

// reasonOf returns what is wrong with a folder, without the name of a temporary file in it.
func reasonOf(err error) error {
	var failed *os.PathError
	if !errors.As(err, &failed) {
		return err
	}
	folder := failed.Path
	if failed.Op == "open" {
		folder = filepath.Dir(folder)
	}
	return fmt.Errorf("%s: %w", folder, failed.Err)
}
