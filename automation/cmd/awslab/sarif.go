package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/internal/sarif"
)

// checkSARIF refuses a --sarif that could not be kept, before anything is done.
func (a *app) checkSARIF(operation automation.Operation) error {
	switch {
	case a.sarif == "":
		return nil
	case a.sarif == "-":
		if a.json || operation != automation.OperationPreview {
			return &usageError{
				fmt.Errorf("--sarif -: standard output is taken; allowed is a file, or - for preview without --json"),
			}
		}
		return nil
	}
	dir := filepath.Dir(a.sarif)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return &usageError{
			fmt.Errorf("--sarif %s: %s is not a folder; create it or name a file elsewhere", a.sarif, dir),
		}
	}
	return nil
}

// writeSARIF writes the findings of the last operation that ran: the preview's where it was refused.
func (a *app) writeSARIF(r *automation.Result) error {
	var log bytes.Buffer
	if err := sarif.Write(&log, r.Stack, r.Violations); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	if a.sarif == "-" {
		_, err := a.out.Write(log.Bytes())
		return err
	}
	if err := writePrivate(a.sarif, log.Bytes()); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}

// writePrivate writes a file that only its owner can read, also where there was one that others could.
func writePrivate(path string, content []byte) error {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(path, content, 0o600)
}
