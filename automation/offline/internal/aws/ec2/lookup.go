package ec2

import (
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/automation/offline/internal/world"
)

// prefixLists are the address lists of the services with gateway endpoints, with one of the blocks each has.
var prefixLists = map[string]struct{ suffix, block string }{
	"s3":       {"63a5400a", "54.231.0.0/16"},
	"dynamodb": {"02cd2c6b", "52.94.0.0/22"},
}

func prefixList(service string) string {
	if known, has := prefixLists[values.AfterLast(service, ".")]; has {
		return "pl-" + known.suffix
	}
	return "pl-" + fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(service)))
}

func prefixListBlocks(service string) []any {
	if known, has := prefixLists[values.AfterLast(service, ".")]; has {
		return []any{known.block}
	}
	return []any{}
}

func getVpc(c bridge.Call) (map[string]any, error) {
	region := c.Region()
	if c.Args.Bool("default") || c.Args.Str("id") == region.DefaultVPC() {
		id := region.DefaultVPC()
		return map[string]any{
			"id": id,
			"arn": fmt.Sprintf(
				"arn:%s:ec2:%s:%s:vpc/%s",
				region.Partition(),
				region.Name,
				world.Account,
				id,
			),
			"cidrBlock":                        defaultVPCBlock.String(),
			"default":                          true,
			"enableDnsSupport":                 true,
			"enableDnsHostnames":               true,
			"enableNetworkAddressUsageMetrics": false,
			"instanceTenancy":                  "default",
			"ipv6AssociationId":                "",
			"ipv6CidrBlock":                    "",
			"mainRouteTableId":                 region.Part("rtb"),
			"dhcpOptionsId":                    region.Part("dopt"),
			"ownerId":                          world.Account,
			"state":                            "available",
			"tags":                             map[string]any{},
			"cidrBlockAssociations":            []any{},
		}, nil
	}
	result, err := bridge.GetOne(token.Vpc, "InvalidVpcID.NotFound")(c)
	if err != nil {
		return nil, err
	}
	result["default"], result["state"] = false, "available"
	result["cidrBlockAssociations"] = []any{map[string]any{
		"associationId": "vpc-cidr-assoc-" + strings.TrimPrefix(values.Text(values.Of(result["id"])), "vpc-"),
		"cidrBlock":     result["cidrBlock"], "state": "associated",
	}}
	return result, nil
}

func getSubnets(c bridge.Call) (map[string]any, error) {
	found, err := c.Find(token.Subnet)
	if err != nil {
		return nil, err
	}
	ids := []any{}
	for _, subnet := range found {
		ids = append(ids, subnet.ID)
	}
	return map[string]any{"id": c.Region().Name, "ids": ids}, nil
}

// listNamed returns the service of the prefix list that the arguments name.
func listNamed(c bridge.Call, idArgument string) (string, error) {
	for service := range prefixLists {
		name := fmt.Sprintf("com.amazonaws.%s.%s", c.Region().Name, service)
		byName := c.Args.Str("name") == name
		byID := c.Args.Str(idArgument) == prefixList(service)
		byFilter := len(c.Args.Objects("filters")) > 0 &&
			c.Matches(map[string]string{"prefix-list-name": name, "prefix-list-id": prefixList(service)}, nil)
		if byName || byID || byFilter {
			return service, nil
		}
	}
	if name := c.Args.Str("name"); name == "com.amazonaws.global.cloudfront.origin-facing" && idArgument == "id" {
		return "origin-facing", nil
	}
	return "", bridge.Refuse(
		"InvalidPrefixListID.NotFound",
		"no matching prefix list found in %s; offline there are those of S3 and DynamoDB, "+
			"com.amazonaws.%s.s3 and .dynamodb, and CloudFront's",
		c.Region().Name,
		c.Region().Name,
	)
}

func getPrefixList(c bridge.Call) (map[string]any, error) {
	service, err := listNamed(c, "prefixListId")
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"id":         prefixList(service),
		"name":       fmt.Sprintf("com.amazonaws.%s.%s", c.Region().Name, service),
		"cidrBlocks": prefixListBlocks(service),
	}, nil
}

func getManagedPrefixList(c bridge.Call) (map[string]any, error) {
	service, err := listNamed(c, "id")
	if err != nil {
		return nil, err
	}
	var entries []any
	for _, block := range prefixListBlocks(service) {
		entries = append(entries, map[string]any{"cidr": block, "description": ""})
	}
	id, name := prefixList(service), c.Args.Str("name")
	if name == "" {
		name = fmt.Sprintf("com.amazonaws.%s.%s", c.Region().Name, service)
	}
	return map[string]any{
		"id":            id,
		"name":          name,
		"addressFamily": "IPv4",
		"entries":       entries,
		"maxEntries":    0.0,
		"ownerId":       "AWS",
		"version":       0.0,
		"arn":           fmt.Sprintf("arn:%s:ec2:%s:aws:prefix-list/%s", c.Region().Partition(), c.Region().Name, id),
		"tags":          map[string]any{},
	}, nil
}

func getAMI(c bridge.Call) (map[string]any, error) {
	name, architecture := "al2023-ami-2023.6.20250115.0-kernel-6.1-x86_64", "x86_64"
	for _, filter := range c.Args.Objects("filters") {
		switch values := filter.Strings("values"); filter.Str("name") {
		case "name":
			name = strings.NewReplacer("*", "20250115", "?", "1").Replace(values[0])
		case "architecture":
			architecture = values[0]
		}
	}
	if strings.Contains(name, "arm64") {
		architecture = "arm64"
	}
	id := c.Region().ImageID(name)
	return map[string]any{
		"id":                  id,
		"imageId":             id,
		"name":                name,
		"architecture":        architecture,
		"ownerId":             "591542846629",
		"imageOwnerAlias":     "amazon",
		"arn":                 fmt.Sprintf("arn:%s:ec2:%s::image/%s", c.Region().Partition(), c.Region().Name, id),
		"creationDate":        "2025-01-15T00:00:00.000Z",
		"deprecationTime":     "2027-01-15T00:00:00.000Z",
		"description":         name,
		"state":               "available",
		"enaSupport":          true,
		"hypervisor":          "xen",
		"imageLocation":       "amazon/" + name,
		"imageType":           "machine",
		"public":              true,
		"rootDeviceName":      "/dev/xvda",
		"rootDeviceType":      "ebs",
		"rootSnapshotId":      "snap-" + c.Region().Digest("snap/"+name, 17),
		"virtualizationType":  "hvm",
		"platformDetails":     "Linux/UNIX",
		"usageOperation":      "RunInstances",
		"bootMode":            "uefi-preferred",
		"blockDeviceMappings": []any{},
		"productCodes":        []any{},
		"tags":                map[string]any{},
		"imdsSupport":         "v2.0",
		"kernelId":            "",
		"lastLaunchedTime":    "",
		"platform":            "",
		"ramdiskId":           "",
		"sriovNetSupport":     "simple",
		"stateReason":         map[string]any{},
		"tpmSupport":          "",
	}, nil
}
