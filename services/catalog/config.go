package main

import (
	"path/filepath"
	"regexp"

	"github.com/awslab/awslab/services/internal/env"
	"github.com/awslab/awslab/services/internal/httpserver"
)

// config is what the environment says; README.md lists the variables.
type config struct {
	httpserver.Config
	table      string // DynamoDB table of the items; empty keeps them in memory
	maxItems   int    // in memory
	bucket     string // S3 bucket of the pictures; empty keeps none
	exportsDir string // absolute path of the folder of the exports; empty writes none
}

// Names that AWS accepts: DynamoDB Developer Guide, "Naming rules", and Amazon S3 User Guide, "General purpose bucket
// naming rules". S3 has more rules, which it checks itself.
var (
	tableName  = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,255}$`)
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
)

// loadConfig reads the environment, where an empty variable counts as absent. Its error names every problem.
func loadConfig(getenv func(string) string) (config, error) {
	r := env.NewReader(getenv)
	cfg := config{Config: httpserver.ReadConfig(r)}
	r.Read("TABLE_ITEMS", "", "the name of a DynamoDB table", optional(&cfg.table, tableName.MatchString))
	r.Read("MAX_ITEMS", "10000", "a whole number from 1 to 1000000", env.WholeNumber(&cfg.maxItems, 1, 1_000_000))
	r.Read("BUCKET_UPLOADS", "", "the name of an S3 bucket", optional(&cfg.bucket, bucketName.MatchString))
	r.Read("EXPORTS_DIR", "", "an absolute path", optional(&cfg.exportsDir, filepath.IsAbs))
	return cfg, r.Err()
}

// optional parses a text that may be empty.
func optional(to *string, valid func(string) bool) func(string) bool {
	return func(value string) bool {
		*to = value
		return value == "" || valid(value)
	}
}
