package cloudcontrol_test

import (
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	api "github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/awslab/awslab/automation/offline/internal/aws/awstest"
	"github.com/awslab/awslab/automation/offline/internal/aws/cloudcontrol"
)

const queryType = "AWS::Logs::QueryDefinition"

func client(t *testing.T, l *awstest.Lab, region string) *api.Client {
	t.Helper()
	server := httptest.NewServer(cloudcontrol.Handler(l.W))
	t.Cleanup(server.Close)
	return api.New(api.Options{
		Region: region, BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("offline", "offline", ""),
	})
}

func TestResourcesOfTheRegionAreListedAndRead(t *testing.T) {
	l := awstest.New(t, "eu-west-1")
	query := l.Create("aws:cloudwatch/queryDefinition:QueryDefinition", "slow", awstest.In{
		"name": "slow", "queryString": "fields @message",
	})
	here, elsewhere := client(t, l, "eu-west-1"), client(t, l, "eu-central-1")
	listed, err := here.ListResources(t.Context(), &api.ListResourcesInput{TypeName: aws.String(queryType)})
	require.NoError(t, err)
	require.Len(t, listed.ResourceDescriptions, 1)
	read, err := here.GetResource(t.Context(), &api.GetResourceInput{
		TypeName: aws.String(queryType), Identifier: listed.ResourceDescriptions[0].Identifier,
	})
	require.NoError(t, err)
	assert.JSONEq(t, `{"Name": "slow", "QueryDefinitionId": "`+query.Id+`"}`, *read.ResourceDescription.Properties)

	listed, err = elsewhere.ListResources(t.Context(), &api.ListResourcesInput{TypeName: aws.String(queryType)})
	require.NoError(t, err)
	assert.Empty(t, listed.ResourceDescriptions)
	_, err = elsewhere.GetResource(t.Context(), &api.GetResourceInput{
		TypeName: aws.String(queryType), Identifier: &query.Id,
	})
	var missing *types.ResourceNotFoundException
	require.ErrorAs(t, err, &missing)
}

func TestAModelNarrowsTheList(t *testing.T) {
	l := awstest.New(t, "eu-west-1")
	_, subnets := l.Network()
	system := l.Create("aws:efs/fileSystem:FileSystem", "files", nil)
	target := l.Create("aws:efs/mountTarget:MountTarget", "files", awstest.In{
		"fileSystemId": system.Id, "subnetId": subnets[0].Id,
	})
	c := client(t, l, "eu-west-1")
	for id, want := range map[string]int{system.Id: 1, "fs-0": 0} {
		listed, err := c.ListResources(t.Context(), &api.ListResourcesInput{
			TypeName:      aws.String("AWS::EFS::MountTarget"),
			ResourceModel: aws.String(`{"FileSystemId": "` + id + `"}`),
		})
		require.NoError(t, err)
		require.Len(t, listed.ResourceDescriptions, want)
		if want == 1 {
			assert.Equal(t, target.Id, *listed.ResourceDescriptions[0].Identifier)
		}
	}
}

func TestOtherTypesAreRefused(t *testing.T) {
	c := client(t, awstest.New(t, "eu-west-1"), "eu-west-1")
	_, err := c.ListResources(t.Context(), &api.ListResourcesInput{TypeName: aws.String("AWS::EC2::VPC")})
	var unknown *types.TypeNotFoundException
	require.ErrorAs(t, err, &unknown)
}
