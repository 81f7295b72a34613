package compute

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The table of "Task CPU and memory", Amazon ECS developer guide: smallest, largest and number of sizes.
func TestFargateSizes(t *testing.T) {
	require.Equal(t, []int{256, 512, 1024, 2048, 4096, 8192, 16384}, FargateCPUs())
	for cpu, want := range map[int][3]int{
		256: {512, 2048, 3}, 512: {1024, 4096, 4}, 1024: {2048, 8192, 7}, 2048: {4096, 16384, 13},
		4096: {8192, 30720, 23}, 8192: {16384, 61440, 12}, 16384: {32768, 122880, 12},
	} {
		sizes := FargateMemory(cpu)
		require.Equal(t, want, [3]int{sizes[0], sizes[len(sizes)-1], len(sizes)}, "cpu %d", cpu)
	}
}

func TestFargateMemoryGrowsWithCPU(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cpu := rapid.IntRange(0, 20000).Draw(t, "cpu")
		sizes := FargateMemory(cpu)
		if sizes == nil {
			require.NotContains(t, FargateCPUs(), cpu)
			return
		}
		require.IsIncreasing(t, sizes)
		require.GreaterOrEqual(t, sizes[0], 2*cpu, "at least 2 GiB a vCPU")
		require.LessOrEqual(t, sizes[len(sizes)-1], 8*cpu, "at most 8 GiB a vCPU")
	})
}

func TestFargateMemoryIsTheCallersOwn(t *testing.T) {
	FargateMemory(256)[0] = 1
	require.Equal(t, 512, FargateMemory(256)[0])
}
