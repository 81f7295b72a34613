package references

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/values"
)

// ManagedEdgePolicies are the policies that AWS manages, by the function that looks them up, name and id. From "Use
// managed cache policies", "... origin request policies" and "... response headers policies" in the CloudFront
// Developer Guide.
var ManagedEdgePolicies = map[string]map[string]string{
	"aws:cloudfront/getCachePolicy:getCachePolicy": {
		"Managed-CachingOptimized":                       "658327ea-f89d-4fab-a63d-7e88639e58f6",
		"Managed-CachingOptimizedForUncompressedObjects": "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
		"Managed-CachingDisabled":                        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
	},
	"aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy": {
		"Managed-AllViewer":                 "216adef6-5c7f-47e4-b989-5492eafa07d3",
		"Managed-AllViewerExceptHostHeader": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
		"Managed-CORS-CustomOrigin":         "59781a5b-3903-41f3-afcb-af62929ccde1",
		"Managed-CORS-S3Origin":             "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
		"Managed-UserAgentRefererHeaders":   "acba4595-bd28-49b8-b9fe-13317c0390fa",
	},
	"aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy": {
		"Managed-SimpleCORS":                                    "60669652-455b-4ae9-85a4-c4c02393f86c",
		"Managed-SecurityHeadersPolicy":                         "67f7725c-6f97-4210-82d7-5512b31e9d03",
		"Managed-CORS-and-SecurityHeadersPolicy":                "e61eb60c-9c35-4d20-a928-2b84e02af89c",
		"Managed-CORS-With-Preflight":                           "5cc3b908-e619-4b99-88e5-2cf7f45965bd",
		"Managed-CORS-with-preflight-and-SecurityHeadersPolicy": "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
	},
}

// isManagedEdgePolicy reports whether an id is that of a CloudFront policy that AWS manages.
func isManagedEdgePolicy(id string) bool {
	for _, policies := range ManagedEdgePolicies {
		for _, managed := range policies {
			if managed == id {
				return true
			}
		}
	}
	return false
}

const DefaultBus = "default"

// IsAWSManaged reports whether an ARN is of a policy of AWS's own or of a service-linked role.
func IsAWSManaged(value string) bool {
	return strings.Contains(value, ":iam::aws:") || strings.Contains(value, ":role/aws-service-role/")
}

// IsDefaultParameterGroup reports whether RDS makes the parameter group by itself.
func IsDefaultParameterGroup(value string) bool { return strings.HasPrefix(value, "default.") }

// IsManagedKey reports whether AWS manages the key for one of its services.
func IsManagedKey(value string) bool {
	if strings.Contains(value, "alias/aws/") {
		return true
	}
	where := region.All
	if parsed, err := arn.Parse(value); err == nil {
		where = []region.Region{region.Of(parsed.Region)}
	}
	return slices.ContainsFunc(where, func(r region.Region) bool {
		return slices.ContainsFunc(managedKeys, func(service string) bool {
			return values.AfterLast(value, "/") == r.ManagedKey(service)
		})
	})
}

// managedKeys are the services whose AWS managed keys the provider gives out.
var managedKeys = []string{"backup", "rds", "elasticfilesystem", "secretsmanager", "dynamodb"}

// IsFargate reports whether a capacity provider is one of AWS's own.
func IsFargate(value string) bool { return value == "FARGATE" || value == "FARGATE_SPOT" }
