package region

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRegionsOfOtherPartitions(t *testing.T) {
	for name, want := range map[string][3]string{
		"eu-west-1":      {"aws", "amazonaws.com", "euw1-az1"},
		"ap-southeast-5": {"aws", "amazonaws.com", "apse5-az1"},
		"il-central-1":   {"aws", "amazonaws.com", "ilc1-az1"},
		"cn-north-1":     {"aws-cn", "amazonaws.com.cn", "cnn1-az1"},
		"us-gov-west-1":  {"aws-us-gov", "amazonaws.com", "usgw1-az1"},
	} {
		region, err := Named(name)
		require.NoError(t, err)
		require.Equal(t, want, [3]string{region.Partition(), region.DNSSuffix(), region.ZoneID(name + "a")})
	}
	_, err := Named("ap-southeast-6")
	require.ErrorContains(t, err, "did you mean")
	require.Equal(t, "ap-southeast-6c", Of("ap-southeast-6").ZoneNames()[2], "with skipRegionValidation")
}
