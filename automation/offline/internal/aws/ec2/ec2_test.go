package ec2_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
)

func TestACreatedVpcHasWhatAWSGivesIt(t *testing.T) {
	l := awstest.New(t, "eu-west-1")
	vpc := l.Create(token.Vpc, "lab", awstest.In{"cidrBlock": "10.0.0.0/16"})
	assert.Regexp(t, `^vpc-[0-9a-f]{17}$`, vpc.Id)
	assert.Equal(t, "arn:aws:ec2:eu-west-1:123456789012:vpc/"+vpc.Id, vpc.Str("arn"))
	assert.Equal(t, "123456789012", vpc.Str("ownerId"))
	assert.Regexp(t, `^sg-[0-9a-f]{17}$`, vpc.Str("defaultSecurityGroupId"))
	assert.Equal(t, vpc.Str("mainRouteTableId"), vpc.Str("defaultRouteTableId"))
	assert.Equal(t, "false", vpc.Str("enableDnsHostnames"))
	same := l.DiffChecked(vpc, awstest.In{"cidrBlock": "10.0.0.0/16"})
	assert.Empty(t, same.GetDetailedDiff())
	read, exists := l.Refresh(vpc)
	require.True(t, exists)
	assert.Equal(t, vpc.State, read.State)
	assert.Equal(t, vpc.Inputs, read.Inputs)
	require.NoError(t, l.TryDelete(vpc))
	_, exists = l.Refresh(vpc)
	assert.False(t, exists)
}

// Whatever subnets are asked for: AWS makes exactly those that lie in the VPC and overlap none it has made.
func TestSubnetsNeverOverlap(t *testing.T) {
	block := netip.MustParsePrefix("10.0.0.0/16")
	l := awstest.New(t, "us-east-1")
	rapid.Check(t, func(r *rapid.T) {
		vpc := l.Create(token.Vpc, "lab", awstest.In{"cidrBlock": block.String()})
		var have []netip.Prefix
		for i := range rapid.IntRange(1, 12).Draw(r, "subnets") {
			bits := rapid.IntRange(15, 29).Draw(r, "bits")
			third, fourth := rapid.IntRange(0, 255).Draw(r, "third"), rapid.IntRange(0, 255).Draw(r, "fourth")
			second := rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(r, "second")
			wanted := netip.PrefixFrom(
				netip.AddrFrom4([4]byte{10, byte(second), byte(third), byte(fourth)}),
				bits,
			).Masked()
			possible := bits >= 16 && bits <= 28 && block.Contains(wanted.Addr())
			for _, other := range have {
				possible = possible && !other.Overlaps(wanted)
			}
			_, err := l.TryCreate(
				token.Subnet,
				fmt.Sprint(i),
				awstest.In{"vpcId": vpc.Id, "cidrBlock": wanted.String()},
			)
			if possible != (err == nil) {
				r.Fatalf("subnet %s beside %v: %v", wanted, have, err)
			}
			if err == nil {
				have = append(have, wanted)
			}
		}
	})
}
