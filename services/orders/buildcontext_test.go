package main

import (
	"testing"

	"github.com/awslab/awslab/services/internal/buildcontext"
)

func TestTheBuildContextIsWhatTheImageIsBuiltOf(t *testing.T) {
	buildcontext.RequireMinimal(t, "orders", "internal/rdsca/amazon-rds.pem")
}
