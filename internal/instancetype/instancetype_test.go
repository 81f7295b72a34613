package instancetype

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSizes(t *testing.T) {
	for name, want := range map[string]Size{
		"t3.micro":      {2048, 1024, 1},
		"t3a.small":     {2048, 2048, 1},
		"t3.medium":     {2048, 4096, 2},
		"t4g.2xlarge":   {8192, 32768, 3},
		"m7g.medium":    {1024, 4096, 1},
		"m7i.large":     {2048, 8192, 2},
		"c5.xlarge":     {4096, 8192, 3},
		"r6gd.2xlarge":  {8192, 65536, 3},
		"c5.9xlarge":    {36 * 1024, 72 * 1024, 7},
		"m8g.16xlarge":  {64 * 1024, 256 * 1024, 14},
		"c6i.32xlarge":  {128 * 1024, 256 * 1024, 14},
		"m7a.12xlarge":  {48 * 1024, 192 * 1024, 7},
		"r7gd.medium":   {1024, 8192, 1},
		"m5.metal":      {},
		"m8i.large":     {},
		"t2.micro":      {},
		"t3.16xlarge":   {},
		"m7i.small":     {},
		"m7i.0.xlarge":  {},
		"m7i-flex.nano": {},
	} {
		size, known := Of(name)
		require.Equal(t, want, size, name)
		require.Equal(t, want != Size{}, known, name)
	}
}

func TestInstancesThatHoldTasks(t *testing.T) {
	size, _ := Of("m7i.large")
	for name, test := range map[string]struct {
		need Need
		want int
	}{
		"nothing":            {Need{}, 0},
		"network interfaces": {Need{CPU: 512, Memory: 1024, Tasks: 5}, 3},
		"CPU":                {Need{CPU: 4097, Memory: 1024, Tasks: 2}, 3},
		"memory":             {Need{CPU: 512, Memory: 4 * 8192, Tasks: 2}, 4},
	} {
		require.Equal(t, test.want, test.need.Instances(size), name)
	}
}

func TestTheLargestOfTypes(t *testing.T) {
	name, size, known := Largest([]string{"m7i.large", "c7i.xlarge"})
	require.True(t, known)
	require.Equal(t, "c7i.xlarge", name)
	require.Equal(t, Size{4096, 8192, 3}, size)
	_, _, known = Largest([]string{"m7i.large", "u-6tb1.metal"})
	require.False(t, known)
	_, _, known = Largest(nil)
	require.False(t, known)
}
