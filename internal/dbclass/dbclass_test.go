package dbclass

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClasses(t *testing.T) {
	for class, want := range map[string]struct{ aurora, ofEC2Alone, beforePostgres13 bool }{
		"db.r7g.xlarge":     {aurora: true},
		"db.t4g.medium":     {aurora: true},
		"db.serverless":     {aurora: true},
		"db.t4g.small":      {},
		"db.t4g.xlarge":     {},
		"db.m7g.large":      {},
		"db.r4.large":       {beforePostgres13: true},
		"db.t2.micro":       {beforePostgres13: true},
		"db.t3a.medium":     {ofEC2Alone: true},
		"db.c7g.large":      {ofEC2Alone: true},
		"db.m7g.medium":     {ofEC2Alone: true},
		"db.t4g.nano":       {ofEC2Alone: true},
		"db.m7i-flex.large": {ofEC2Alone: true},
	} {
		require.Equal(t, want.aurora, IsAurora(class), class)
		require.Equal(t, want.ofEC2Alone, IsOfEC2Alone(class), class)
		require.Equal(t, want.beforePostgres13, EndedBeforePostgres13(class), class)
	}
	require.True(t, HasAuroraFamily("x2g"))
	require.False(t, HasAuroraFamily("m7g"))
}
