package compute

import (
	"maps"
	"slices"
)

// fargateMemory lists the memory sizes in MiB that go with a CPU size ("Task CPU and memory", Amazon ECS developer
// guide, Fargate task definition parameters).
var fargateMemory = map[int][]int{
	256:   {512, 1024, 2048},
	512:   steps(1024, 4096, 1024),
	1024:  steps(2048, 8192, 1024),
	2048:  steps(4096, 16384, 1024),
	4096:  steps(8192, 30720, 1024),
	8192:  steps(16384, 61440, 4096),
	16384: steps(32768, 122880, 8192),
}

func steps(from, to, by int) []int {
	var sizes []int
	for size := from; size <= to; size += by {
		sizes = append(sizes, size)
	}
	return sizes
}

// FargateCPUs lists the CPU sizes of Fargate tasks, in units of 1/1024 vCPU.
func FargateCPUs() []int { return slices.Sorted(maps.Keys(fargateMemory)) }

// FargateMemory lists the memory sizes in MiB that a Fargate task of the given CPU size may have; nil when there is no
// such CPU size.
func FargateMemory(cpu int) []int { return slices.Clone(fargateMemory[cpu]) }
