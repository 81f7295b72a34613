package automation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation"
)

func TestFaultsOfTasksThatCannotStrikeAreRefused(t *testing.T) {
	p := newProject(t)
	p.home(t)
	for _, test := range []struct {
		fault automation.TaskFault
		want  string
	}{
		{automation.TaskFault{Service: "catalog", Kind: "unhealthy", Times: 1}, ""},
		{automation.TaskFault{Service: "orders", Kind: "before", Times: 1}, ""},
		{automation.TaskFault{Service: "catalog", Kind: "slow", Times: 1}, "allowed is unhealthy, exit, alarm, before"},
		{automation.TaskFault{Service: "shop", Kind: "exit", Times: 1}, "a service of the stack: catalog, orders"},
		{automation.TaskFault{Service: "catalog", Kind: "before", Times: 1}, "a service with tasks in before"},
		{
			automation.TaskFault{Service: "catalog", Kind: "alarm", Times: 1},
			"a service with rollbackErrors or rollbackAlarms",
		},
		{automation.TaskFault{Service: "catalog", Kind: "exit"}, "it strikes 0 times, which must be 1 or more"},
	} {
		err := automation.OfflineFault(t.Context(), p.options("dev"), test.fault)
		if test.want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, test.want)
		}
	}
	left, err := p.home(t).Faults(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, left)
}
