package main

import (
	"github.com/awslab/awslab/services/internal/env"
	"github.com/awslab/awslab/services/internal/httpserver"
)

// config is what the environment says; README.md lists the variables.
type config struct {
	httpserver.Config
	maxItems int
}

// loadConfig reads the environment, where an empty variable counts as absent. Its error names every problem.
func loadConfig(getenv func(string) string) (config, error) {
	r := env.NewReader(getenv)
	cfg := config{Config: httpserver.ReadConfig(r)}
	r.Read("MAX_ITEMS", "10000", "a whole number from 1 to 1000000", env.WholeNumber(&cfg.maxItems, 1, 1_000_000))
	return cfg, r.Err()
}
