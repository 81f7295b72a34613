package aws

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACreatedVpcHasWhatAWSGivesIt(t *testing.T) {
	l := newLab(t, "eu-west-1")
	vpc := l.create(tVpc, "lab", in{"cidrBlock": "10.0.0.0/16"})
	assert.Regexp(t, `^vpc-[0-9a-f]{17}$`, vpc.id)
	assert.Equal(t, "arn:aws:ec2:eu-west-1:123456789012:vpc/"+vpc.id, vpc.str("arn"))
	assert.Equal(t, "123456789012", vpc.str("ownerId"))
	assert.Regexp(t, `^sg-[0-9a-f]{17}$`, vpc.str("defaultSecurityGroupId"))
	assert.Equal(t, vpc.str("mainRouteTableId"), vpc.str("defaultRouteTableId"))
	assert.Equal(t, "false", vpc.str("enableDnsHostnames"))
	same := l.diffChecked(vpc, in{"cidrBlock": "10.0.0.0/16"})
	assert.Empty(t, same.GetDetailedDiff())
	read, exists := l.refresh(vpc)
	require.True(t, exists)
	assert.Equal(t, vpc.state, read.state)
	assert.Equal(t, vpc.inputs, read.inputs)
	require.NoError(t, l.tryDelete(vpc))
	_, exists = l.refresh(vpc)
	assert.False(t, exists)
}
