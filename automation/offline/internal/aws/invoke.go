package aws

import (
	"context"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// call is one call of a function.
type call struct {
	p    *Provider
	tx   *world.Tx
	args view
}

// region is the provider's.
func (c call) region() Region { return c.p.region }

// defaultTags are those that the provider was configured with.
func (c call) defaultTags() map[string]string { return c.p.defaultTags }

// Invoke calls a function.
func (p *Provider) Invoke(ctx context.Context, req *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	token := req.GetTok()
	definition, known := p.schema.Function(token)
	if !known {
		return nil, status.Errorf(codes.InvalidArgument, "unknown function %s: pulumi-aws %s has no such function", token, p.schema.Version)
	}
	function, modelled := p.functions[token]
	if !modelled {
		return nil, status.Errorf(codes.Unimplemented, "offline: the function %s is not modelled; give its result in the "+
			"configuration, or run against AWS", token)
	}
	args, err := unmarshal(req.GetArgs())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.InvokeResponse{}
	for _, f := range p.schema.CheckInputs(definition.Inputs, args) {
		response.Failures = append(response.Failures, &pulumirpc.CheckFailure{Property: f.Path, Reason: f.Reason})
	}
	if len(response.Failures) > 0 {
		return response, nil
	}
	var result map[string]any
	err = p.world.Update(ctx, func(tx *world.Tx) (err error) {
		result, err = function(call{p, tx, view(args)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("invoking %s: %w", token, err)
	}
	returned := bare(args)
	for name, value := range result {
		returned[resource.PropertyKey(name)] = property(value)
	}
	response.Return, err = marshal(returned)
	return response, err
}

// bare takes secrets off arguments: the results of functions carry none.
func bare(args resource.PropertyMap) resource.PropertyMap {
	plain := make(resource.PropertyMap, len(args))
	for name, value := range args {
		plain[name] = reveal(value)
	}
	return plain
}

// matches says whether the call's filters let a thing through, whose attributes are given by their EC2 filter names.
func (c call) matches(attributes map[string]string, tags view) bool {
	for _, filter := range c.args.objects("filters") {
		name := filter.str("name")
		value, known := attributes[name]
		if key, is := strings.CutPrefix(name, "tag:"); is {
			value, known = text(tags[resource.PropertyKey(key)]), true
		}
		if !known || !slices.ContainsFunc(filter.strings("values"), func(pattern string) bool { return wildcard(pattern, value) }) {
			return false
		}
	}
	wanted, _ := c.args.at("tags")
	if wanted.IsObject() {
		for key, value := range wanted.ObjectValue() {
			if text(tags[key]) != text(value) {
				return false
			}
		}
	}
	return true
}

// wildcard matches an EC2 filter value, in which * stands for any text and ? for any character.
func wildcard(pattern, value string) bool {
	quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	matched, _ := regexp.MatchString("^"+quoted+"$", value)
	return matched
}

func getAvailabilityZones(c call) (map[string]any, error) {
	region := c.region()
	var names, ids []any
	for _, name := range region.zoneNames() {
		id := region.zoneID(name)
		if slices.Contains(c.args.strings("excludeNames"), name) || slices.Contains(c.args.strings("excludeZoneIds"), id) {
			continue
		}
		if state := c.args.str("state"); state != "" && state != "available" {
			continue
		}
		if c.matches(map[string]string{
			"zone-name": name, "zone-id": id, "region-name": region.Name, "state": "available", "group-name": region.Name,
			"zone-type": "availability-zone", "opt-in-status": "opt-in-not-required",
		}, nil) {
			names, ids = append(names, name), append(ids, id)
		}
	}
	return map[string]any{"id": region.Name, "names": names, "zoneIds": ids, "groupNames": []any{region.Name}}, nil
}

func getAvailabilityZone(c call) (map[string]any, error) {
	for _, name := range c.region().zoneNames() {
		id := c.region().zoneID(name)
		if c.args.str("name") == name || c.args.str("zoneId") == id {
			return map[string]any{
				"id": name, "name": name, "zoneId": id, "region": c.region().Name, "state": "available", "zoneType": "availability-zone",
				"nameSuffix": strings.TrimPrefix(name, c.region().Name), "groupName": c.region().Name, "networkBorderGroup": c.region().Name,
				"optInStatus": "opt-in-not-required", "parentZoneId": "", "parentZoneName": "",
			}, nil
		}
	}
	return nil, refuse("InvalidParameterValue", "no availability zone of %s has the name %q or the id %q", c.region().Name,
		c.args.str("name"), c.args.str("zoneId"))
}

func getCallerIdentity(c call) (map[string]any, error) {
	return map[string]any{
		"id": world.Account, "accountId": world.Account, "userId": "AIDAOFFLINEAWSLAB0001",
		"arn": fmt.Sprintf("arn:%s:iam::%s:user/awslab-offline", c.region().Partition(), world.Account),
	}, nil
}

func getRegion(c call) (map[string]any, error) {
	region := c.region()
	if name := c.args.str("name"); name != "" {
		var err error
		if region, err = regionNamed(name); err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"id": region.Name, "name": region.Name, "description": region.Name,
		"endpoint": fmt.Sprintf("ec2.%s.%s", region.Name, region.DNSSuffix()),
	}, nil
}

func getRegions(c call) (map[string]any, error) {
	var names []any
	for _, region := range regions {
		names = append(names, region.Name)
	}
	return map[string]any{"id": c.region().Partition(), "names": names}, nil
}

func getDefaultTags(c call) (map[string]any, error) {
	tags := map[string]any{}
	for key, value := range c.defaultTags() {
		tags[key] = value
	}
	return map[string]any{"id": c.region().Partition(), "tags": tags}, nil
}

func getCanonicalUser(call) (map[string]any, error) {
	return map[string]any{"id": canonicalUser, "displayName": "awslab-offline"}, nil
}

// getLogDelivery returns the canonical user that writes CloudFront's standard logs, from "Configure standard logging" in
// the CloudFront Developer Guide.
func getLogDelivery(call) (map[string]any, error) {
	return map[string]any{"id": "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"}, nil
}

func getPartition(c call) (map[string]any, error) {
	return map[string]any{
		"id": c.region().Partition(), "partition": c.region().Partition(), "dnsSuffix": c.region().DNSSuffix(),
		"reverseDnsPrefix": "com.amazonaws",
	}, nil
}

// RegistryUser and RegistryPassword are what ECR gives out offline to log in to its registries with. They protect
// nothing: the stand-in for Docker takes them instead of reaching for a registry at AWS.
const (
	RegistryUser     = "AWS"
	RegistryPassword = "awslab-offline"
)

func getAuthorizationToken(c call) (map[string]any, error) {
	registry := c.args.str("registryId")
	if registry == "" {
		registry = world.Account
	}
	return map[string]any{
		"id":                 c.region().Name,
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte(RegistryUser + ":" + RegistryPassword)),
		"userName":           RegistryUser,
		"password":           RegistryPassword,
		"expiresAt":          time.Now().UTC().Add(12 * time.Hour).Format(time.RFC3339),
		"proxyEndpoint":      fmt.Sprintf("https://%s.dkr.ecr.%s.%s", registry, c.region().Name, c.region().DNSSuffix()),
	}, nil
}

func getImage(c call) (map[string]any, error) {
	name := c.args.str("repositoryName")
	url := fmt.Sprintf("%s.dkr.ecr.%s.%s/%s", world.Account, c.region().Name, c.region().DNSSuffix(), name)
	images, err := c.tx.Images(url)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(images, func(a, b world.Image) int { return b.Pushed.Compare(a.Pushed) })
	tag, digest := c.args.str("imageTag"), c.args.str("imageDigest")
	for _, image := range images {
		if (tag == "" || image.Tag == tag) && (digest == "" || image.Digest == digest) {
			return map[string]any{
				"id": image.Digest, "imageDigest": image.Digest, "imageTags": []any{image.Tag}, "imageUri": url + "@" + image.Digest,
				"imageSizeInBytes": float64(image.Size), "imagePushedAt": float64(image.Pushed.Unix()), "registryId": world.Account,
			}, nil
		}
	}
	return nil, refuse("ImageNotFoundException", "The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the "+
		"repository with name '%s'", digest, tag, name)
}

// describe returns a thing's state as a function's result.
func describe(thing *world.Thing) map[string]any {
	result := map[string]any{"id": thing.ID, "arn": thing.ARN}
	for name, value := range withoutMarkers(thing.State) {
		if name != "tagsAll" {
			result[string(name)] = value
		}
	}
	return result
}

// here returns the things of a type in the provider's region, and those without one.
func (c call) here(token string) ([]*world.Thing, error) {
	things, err := c.tx.OfType(c.region().Name, token)
	if err != nil {
		return nil, err
	}
	global, err := c.tx.OfType(world.Global, token)
	return append(things, global...), err
}

// getByName describes the thing whose AWS name an argument gives.
func getByName(argument, token, code string) func(call) (map[string]any, error) {
	return func(c call) (map[string]any, error) {
		things, err := c.here(token)
		if err != nil {
			return nil, err
		}
		for _, thing := range things {
			if thing.Name == c.args.str(argument) {
				return describe(thing), nil
			}
		}
		return nil, refuse(code, "there is no %s named %q in %s", spaced(shortName(token)), c.args.str(argument), c.region().Name)
	}
}

// getService finds a service by its cluster and name, as two clusters may have one of the same name.
func getService(c call) (map[string]any, error) {
	things, err := c.here(tService)
	if err != nil {
		return nil, err
	}
	for _, thing := range things {
		if state := stateOf(thing); state.str("name") == c.args.str("serviceName") && state.str("cluster") == c.args.str("clusterArn") {
			return describe(thing), nil
		}
	}
	return nil, refuse("ServiceNotFoundException", "there is no service %q in cluster %s", c.args.str("serviceName"), c.args.str("clusterArn"))
}

// filterNames are the EC2 filters, besides tags, and the properties they look at.
var filterNames = map[string]string{
	"vpc-id": "vpcId", "availability-zone": "availabilityZone", "availability-zone-id": "availabilityZoneId", "cidr-block": "cidrBlock",
	"cidr": "cidrBlock", "group-name": "name", "group-id": "id", "subnet-id": "id", "map-public-ip-on-launch": "mapPublicIpOnLaunch",
	"owner-id": "ownerId", "state": "state", "is-default": "default",
}

func (c call) find(token string) ([]*world.Thing, error) {
	things, err := c.here(token)
	if err != nil {
		return nil, err
	}
	var found []*world.Thing
	for _, thing := range things {
		state := stateOf(thing)
		attributes := map[string]string{"state": "available", "default": "false"}
		for filter, property := range filterNames {
			attributes[filter] = state.str(property)
		}
		attributes["state"] = "available"
		tags, _ := state.at("tags")
		own := view{}
		if tags.IsObject() {
			own = view(tags.ObjectValue())
		}
		if c.matches(attributes, own) && c.equalArguments(state) {
			found = append(found, thing)
		}
	}
	return found, nil
}

// equalArguments says whether the plain arguments are what the state says.
func (c call) equalArguments(state view) bool {
	for _, name := range []string{"id", "name", "vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "dhcpOptionsId"} {
		if wanted := c.args.str(name); wanted != "" && state.str(name) != wanted {
			return false
		}
	}
	return true
}

// getOne describes the one thing that fits the arguments.
func getOne(token, code string) func(call) (map[string]any, error) {
	return func(c call) (map[string]any, error) {
		found, err := c.find(token)
		if err != nil {
			return nil, err
		}
		switch len(found) {
		case 0:
			return nil, refuse(code, "no matching %s found in %s", spaced(shortName(token)), c.region().Name)
		case 1:
			return describe(found[0]), nil
		default:
			return nil, fmt.Errorf("%d %s match; use additional constraints to reduce matches to a single one", len(found), spaced(shortName(token)))
		}
	}
}

func getVpc(c call) (map[string]any, error) {
	region := c.region()
	if c.args.bool("default") || c.args.str("id") == region.defaultVPC() {
		id := region.defaultVPC()
		return map[string]any{
			"id": id, "arn": fmt.Sprintf("arn:%s:ec2:%s:%s:vpc/%s", region.Partition(), region.Name, world.Account, id),
			"cidrBlock": defaultVPCBlock.String(), "default": true, "enableDnsSupport": true, "enableDnsHostnames": true,
			"enableNetworkAddressUsageMetrics": false, "instanceTenancy": "default", "ipv6AssociationId": "", "ipv6CidrBlock": "",
			"mainRouteTableId": region.part("rtb"), "dhcpOptionsId": region.part("dopt"), "ownerId": world.Account, "state": "available",
			"tags": map[string]any{}, "cidrBlockAssociations": []any{},
		}, nil
	}
	result, err := getOne(tVpc, "InvalidVpcID.NotFound")(c)
	if err != nil {
		return nil, err
	}
	result["default"], result["state"] = false, "available"
	result["cidrBlockAssociations"] = []any{map[string]any{
		"associationId": "vpc-cidr-assoc-" + strings.TrimPrefix(text(property(result["id"])), "vpc-"),
		"cidrBlock":     result["cidrBlock"], "state": "associated",
	}}
	return result, nil
}

func getSubnets(c call) (map[string]any, error) {
	found, err := c.find(tSubnet)
	if err != nil {
		return nil, err
	}
	ids := []any{}
	for _, subnet := range found {
		ids = append(ids, subnet.ID)
	}
	return map[string]any{"id": c.region().Name, "ids": ids}, nil
}

// listNamed returns the service of the prefix list that the arguments name.
func (c call) listNamed(idArgument string) (string, error) {
	for service := range prefixLists {
		name := fmt.Sprintf("com.amazonaws.%s.%s", c.region().Name, service)
		byName := c.args.str("name") == name
		byID := c.args.str(idArgument) == prefixList(service)
		byFilter := len(c.args.objects("filters")) > 0 && c.matches(map[string]string{"prefix-list-name": name, "prefix-list-id": prefixList(service)}, nil)
		if byName || byID || byFilter {
			return service, nil
		}
	}
	if name := c.args.str("name"); name == "com.amazonaws.global.cloudfront.origin-facing" && idArgument == "id" {
		return "origin-facing", nil
	}
	return "", refuse("InvalidPrefixListID.NotFound", "no matching prefix list found in %s; offline there are those of S3 and DynamoDB, "+
		"com.amazonaws.%s.s3 and .dynamodb, and CloudFront's", c.region().Name, c.region().Name)
}

func getPrefixList(c call) (map[string]any, error) {
	service, err := c.listNamed("prefixListId")
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"id": prefixList(service), "name": fmt.Sprintf("com.amazonaws.%s.%s", c.region().Name, service), "cidrBlocks": prefixListBlocks(service),
	}, nil
}

func getManagedPrefixList(c call) (map[string]any, error) {
	service, err := c.listNamed("id")
	if err != nil {
		return nil, err
	}
	var entries []any
	for _, block := range prefixListBlocks(service) {
		entries = append(entries, map[string]any{"cidr": block, "description": ""})
	}
	id, name := prefixList(service), c.args.str("name")
	if name == "" {
		name = fmt.Sprintf("com.amazonaws.%s.%s", c.region().Name, service)
	}
	return map[string]any{
		"id": id, "name": name, "addressFamily": "IPv4", "entries": entries, "maxEntries": 0.0, "ownerId": "AWS", "version": 0.0,
		"arn": fmt.Sprintf("arn:%s:ec2:%s:aws:prefix-list/%s", c.region().Partition(), c.region().Name, id), "tags": map[string]any{},
	}, nil
}

// imageID makes the id of an AMI from what names it, always the same.
func (r Region) imageID(name string) string { return "ami-" + r.digest("ami/"+name, 17) }

func getAMI(c call) (map[string]any, error) {
	name, architecture := "al2023-ami-2023.6.20250115.0-kernel-6.1-x86_64", "x86_64"
	for _, filter := range c.args.objects("filters") {
		switch values := filter.strings("values"); filter.str("name") {
		case "name":
			name = strings.NewReplacer("*", "20250115", "?", "1").Replace(values[0])
		case "architecture":
			architecture = values[0]
		}
	}
	if strings.Contains(name, "arm64") {
		architecture = "arm64"
	}
	id := c.region().imageID(name)
	return map[string]any{
		"id": id, "imageId": id, "name": name, "architecture": architecture, "ownerId": "591542846629", "imageOwnerAlias": "amazon",
		"arn":          fmt.Sprintf("arn:%s:ec2:%s::image/%s", c.region().Partition(), c.region().Name, id),
		"creationDate": "2025-01-15T00:00:00.000Z", "deprecationTime": "2027-01-15T00:00:00.000Z", "description": name, "state": "available",
		"enaSupport": true, "hypervisor": "xen", "imageLocation": "amazon/" + name, "imageType": "machine", "public": true,
		"rootDeviceName": "/dev/xvda", "rootDeviceType": "ebs", "rootSnapshotId": "snap-" + c.region().digest("snap/"+name, 17),
		"virtualizationType": "hvm", "platformDetails": "Linux/UNIX", "usageOperation": "RunInstances", "bootMode": "uefi-preferred",
		"blockDeviceMappings": []any{}, "productCodes": []any{}, "tags": map[string]any{}, "imdsSupport": "v2.0", "kernelId": "",
		"lastLaunchedTime": "", "platform": "", "ramdiskId": "", "sriovNetSupport": "simple", "stateReason": map[string]any{}, "tpmSupport": "",
	}, nil
}

// parameters are the public parameters of Systems Manager that name AMIs.
var parameters = regexp.MustCompile(`^/aws/service/(ecs/optimized-ami|ami-amazon-linux-latest|bottlerocket)/`)

func getParameter(c call) (map[string]any, error) {
	name := c.args.str("name")
	own, err := getByName("name", tParameter, "ParameterNotFound")(c)
	if err == nil {
		return ownParameter(own)
	}
	if !parameters.MatchString(name) {
		return nil, refuse("ParameterNotFound", "there is no parameter %q; offline there are those of Amazon's AMIs, such as "+
			"/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id", name)
	}
	value := c.region().imageID(name)
	if strings.HasSuffix(name, "/recommended") {
		value = fmt.Sprintf(`{"image_id":%q,"image_name":%q,"os":"Amazon Linux 2023"}`, value, "al2023-ami-ecs-hvm-2023.0.20250115-kernel-6.1-x86_64")
	}
	return map[string]any{
		"id": name, "value": value, "insecureValue": value, "type": "String", "version": 1.0,
		"arn": fmt.Sprintf("arn:%s:ssm:%s::parameter%s", c.region().Partition(), c.region().Name, name),
	}, nil
}

// ownParameter describes a parameter in the world, if the world has its value: it holds no secrets.
func ownParameter(parameter map[string]any) (map[string]any, error) {
	state := view(property(parameter).ObjectValue())
	if state.str("insecureValue") == "" {
		return nil, fmt.Errorf("the value of the parameter %s is a secret, which the offline target does not keep: give it as insecureValue, "+
			"or pass it on in the program", state.str("name"))
	}
	parameter["value"] = parameter["insecureValue"]
	return parameter, nil
}

func getServiceAccount(c call) (map[string]any, error) {
	region := c.region()
	if name := c.args.str("region"); name != "" {
		var err error
		if region, err = regionNamed(name); err != nil {
			return nil, err
		}
	}
	return map[string]any{"id": region.ELBAccount, "arn": fmt.Sprintf("arn:%s:iam::%s:root", region.Partition(), region.ELBAccount)}, nil
}

// keyNamed returns the key that an id, ARN or alias names, nil for one that AWS manages.
func (c call) keyNamed(name string) (*world.Thing, error) {
	holder := &change{p: c.p, tx: c.tx}
	if isManagedKey(name) {
		return nil, nil
	}
	thing, err := holder.lookUp(toKey, name)
	if err != nil || thing.Type != tAlias {
		return thing, err
	}
	return holder.lookUp(toKey, stateOf(thing).str("targetKeyId"))
}

func getKey(c call) (map[string]any, error) {
	name := c.args.str("keyId")
	key, err := c.keyNamed(name)
	if err != nil {
		return nil, err
	}
	result := map[string]any{
		"awsAccountId": world.Account, "keyState": "Enabled", "enabled": true, "keyManager": "AWS", "origin": "AWS_KMS", "keyUsage": "ENCRYPT_DECRYPT",
		"keySpec": "SYMMETRIC_DEFAULT", "customerMasterKeySpec": "SYMMETRIC_DEFAULT", "multiRegion": false, "description": "",
		"cloudHsmClusterId": "", "customKeyStoreId": "", "deletionDate": "", "expirationModel": "", "validTo": "", "creationDate": "",
		"pendingDeletionWindowInDays": 0.0, "multiRegionConfigurations": []any{}, "xksKeyConfigurations": []any{},
	}
	if key == nil {
		id := c.region().managedKey(afterLast(name, "/"))
		result["id"], result["arn"] = id, c.region().keyARN(id)
		return result, nil
	}
	state := stateOf(key)
	result["id"], result["arn"], result["keyManager"] = key.ID, key.ARN, "CUSTOMER"
	result["description"], result["multiRegion"] = state.str("description"), state.bool("multiRegion")
	result["keyUsage"], result["keySpec"] = state.str("keyUsage"), state.str("customerMasterKeySpec")
	result["customerMasterKeySpec"], result["enabled"] = state.str("customerMasterKeySpec"), state.bool("isEnabled")
	result["creationDate"] = key.Created.Format(time.RFC3339)
	return result, nil
}

func getAlias(c call) (map[string]any, error) {
	name := c.args.str("name")
	key, err := c.keyNamed(name)
	if err != nil {
		return nil, err
	}
	target := c.region().managedKey(afterLast(name, "/"))
	if key != nil {
		target = key.ID
	}
	arn := fmt.Sprintf("arn:%s:kms:%s:%s:%s", c.region().Partition(), c.region().Name, world.Account, name)
	return map[string]any{"id": arn, "arn": arn, "name": name, "targetKeyId": target, "targetKeyArn": c.region().keyARN(target)}, nil
}

func getCertificate(c call) (map[string]any, error) {
	things, err := c.here(tCertificate)
	if err != nil {
		return nil, err
	}
	statuses := c.args.strings("statuses")
	if len(statuses) == 0 {
		statuses = []string{"ISSUED"}
	}
	for _, thing := range slices.Backward(things) {
		state := stateOf(thing)
		if state.str("domainName") == c.args.str("domain") && slices.Contains(statuses, state.str("status")) {
			return map[string]any{
				"id": thing.ARN, "arn": thing.ARN, "status": state.str("status"), "certificate": "", "certificateChain": "",
				"domain": state.str("domainName"), "tags": map[string]any{},
			}, nil
		}
	}
	return nil, fmt.Errorf("no certificate for domain %q found in %s with status %s", c.args.str("domain"), c.region().Name, strings.Join(statuses, " or "))
}

// getZone describes a hosted zone: one in the world, or else, since a zone that a person owns is not in the world, any
// public one is taken to exist.
func getZone(c call) (map[string]any, error) {
	name := strings.TrimSuffix(c.args.str("name"), ".")
	id := c.args.str("zoneId")
	zones, err := c.here(tZone)
	if err != nil {
		return nil, err
	}
	for _, zone := range zones {
		private := len(stateOf(zone).list("vpcs")) > 0
		if (zone.ID == id || id == "" && stateOf(zone).str("name") == name) && private == c.args.bool("privateZone") {
			return describe(zone), nil
		}
	}
	if c.args.bool("privateZone") {
		return nil, refuse("NoSuchHostedZone", "no matching private hosted zone found: offline there are those that the program made")
	}
	if id == "" {
		id = fmt.Sprintf("Z%08X%s", crc32.ChecksumIEEE([]byte(name)), strings.ToUpper(regions[0].digest("zone/"+name, 12)))
	}
	if name == "" {
		name = "example.com"
	}
	return map[string]any{
		"id": id, "zoneId": id, "name": name, "arn": fmt.Sprintf("arn:%s:route53:::hostedzone/%s", c.region().Partition(), id),
		"nameServers":       []any{"ns-1.awsdns-01.org", "ns-2.awsdns-02.co.uk", "ns-3.awsdns-03.com", "ns-4.awsdns-04.net"},
		"primaryNameServer": "ns-1.awsdns-01.org", "callerReference": "", "comment": "", "linkedServiceDescription": "",
		"linkedServicePrincipal": "", "resourceRecordSetCount": 2.0, "tags": map[string]any{}, "vpcId": c.args.str("vpcId"),
	}, nil
}

func getSecret(c call) (map[string]any, error) {
	things, err := c.here(tSecret)
	if err != nil {
		return nil, err
	}
	for _, thing := range things {
		if thing.Name == c.args.str("name") || thing.ARN == c.args.str("arn") {
			created := thing.Created.Format(time.RFC3339)
			state := stateOf(thing)
			return map[string]any{
				"id": thing.ARN, "arn": thing.ARN, "name": thing.Name, "createdDate": created, "lastChangedDate": created,
				"description": state.str("description"), "kmsKeyId": state.str("kmsKeyId"), "policy": state.str("policy"), "tags": map[string]any{},
			}, nil
		}
	}
	return nil, refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}
