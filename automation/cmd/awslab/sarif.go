package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/awslab/awslab/automation"
	"github.com/awslab/awslab/automation/internal/outfile"
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
	if err := outfile.Check(a.sarif); err != nil {
		return &usageError{
			fmt.Errorf("--sarif %s: no file can be written there: %w; mend that, or name another", a.sarif, err),
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
	write := func(file string) error { return os.WriteFile(file, log.Bytes(), 0o600) }
	if err := outfile.Write(a.sarif, write); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}
