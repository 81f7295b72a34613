// Package region knows the AWS regions: their zones, and the identifiers that AWS publishes for each.
package region

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/awslab/awslab/automation/offline/internal/world"
)

// Edge is where the certificates and web ACLs of CloudFront live.
const Edge = "us-east-1"

// ImageID makes the id of an AMI from what names it, always the same.
func (r Region) ImageID(name string) string { return "ami-" + r.Digest("ami/"+name, 17) }

// AccountParts returns ids of what every account has in the region.
func (r Region) AccountParts() []string {
	return []string{r.DefaultVPC(), r.Part("sg"), r.Part("acl"), r.Part("rtb"), r.Part("igw"), r.Part("dopt")}
}

// Region is an AWS region and the identifiers that AWS publishes for it.
type Region struct {
	Name string
	// Zones are the letters of its availability zones, ZonePrefix the prefix of their ids: use1-az1.
	Zones, ZonePrefix string
	// ALBZone, NLBZone, S3Zone and RDSZone are the Route 53 hosted zones of load balancers, S3 websites and databases.
	ALBZone, NLBZone, S3Zone, RDSZone string
	// ELBAccount is the account that writes load balancers' access logs.
	ELBAccount string
}

// All are the regions that are on in every account. The identifiers look like AWS's and are always the same, which
// is what a program needs of them offline; of those outside us-east-1 none was compared with AWS's published tables
// ("AWS service endpoints and quotas" in the AWS General Reference), so nothing should be copied from here.
var All = []Region{
	{
		"us-east-1",
		"abcdef",
		"use1",
		"Z35SXDOTRQ7X7K",
		"Z26RNL4JYFTOTI",
		"Z3AQBSTGFYJSTF",
		"Z2R2ITUGPM61AM",
		"127311923021",
	},
	{"us-east-2", "abc", "use2", "Z3AADJGX6KTTL2", "ZLMOA37VPKANP", "Z2O1EMRO9K5GLX", "Z2XHWR1WZ565X2", "033677994240"},
	{
		"us-west-1", "abc", "usw1",
		"Z368ELLRRE2KJ0", "Z24FKFUX50B4VW", "Z2F56UZL2M1ACD", "Z10WI91S59XXQN", "027434742980",
	},
	{
		"us-west-2",
		"abcd",
		"usw2",
		"Z1H1FL5HABSF5",
		"Z18D5FSROUN65G",
		"Z3BJ6K6RIION7M",
		"Z1PVIF0B656C1W",
		"797873946194",
	},
	{
		"ca-central-1",
		"abd",
		"cac1",
		"ZQSVJUPU6J1EY",
		"Z2EPGBW3API2WT",
		"Z1QDHH18159H29",
		"Z1JG78V9FIS60B",
		"985666609251",
	},
	{
		"eu-west-1",
		"abc",
		"euw1",
		"Z32O12XQLNTSW2",
		"Z2IFOLAFXWLO4F",
		"Z1BKCTXD74EZPE",
		"Z29XKXDKYMONMX",
		"156460612806",
	},
	{"eu-west-2", "abc", "euw2", "ZHURV8PSTC4K8", "ZD4D7Y8KGAS4G", "Z3GKZC51ZF0DB4", "Z1TTGA775OQIYO", "652711504416"},
	{"eu-west-3", "abc", "euw3", "Z3Q77PNBQS71R4", "Z1CMS0P5QUZ6D5", "Z3R1K369G5AVDG", "ZMESEXB7ZGGQ3", "009996457667"},
	{
		"eu-central-1",
		"abc",
		"euc1",
		"Z215JYRZR1TBD5",
		"Z3F0SRJ5LGBH90",
		"Z21DNDUVLTQW6Q",
		"Z1RLNUO7B9Q6NB",
		"054676820928",
	},
	{
		"eu-north-1",
		"abc",
		"eun1",
		"Z23TAZ6LKFMNIO",
		"Z1UDT6IFJ4EJM",
		"Z3BAZG2TWCNX0D",
		"Z2TZ0W8KJHVMSF",
		"897822967062",
	},
	{
		"ap-northeast-1",
		"abcd",
		"apne1",
		"Z14GRHDCWA56QT",
		"Z31USIVHYNEOWT",
		"Z2M4EHUR26P7ZW",
		"Z24O6O9L7SGTNB",
		"582318560864",
	},
	{
		"ap-northeast-2",
		"abcd",
		"apne2",
		"ZWKZPGTI48KDX",
		"ZIBE1TIR4HY56",
		"Z3W03O7B5YMIYP",
		"ZLA2NUCOLGUUR",
		"600734575887",
	},
	{
		"ap-northeast-3",
		"abc",
		"apne3",
		"Z5LXEXXYW11ES",
		"Z1GWIQ4HH19I5X",
		"Z2YQB5RD63NC85",
		"ZFRJBPKMJJ1VN",
		"383597477331",
	},
	{
		"ap-southeast-1",
		"abc",
		"apse1",
		"Z1LMS91P8CMLE5",
		"ZKVM4W9LS7TM",
		"Z3O0J2DXBE1FTB",
		"Z2G0U3KFCY8NZ5",
		"114774131450",
	},
	{
		"ap-southeast-2",
		"abc",
		"apse2",
		"Z1GM3OXH4ZPM65",
		"ZCT6FZBF4DROD",
		"Z1WCIGYICN2BYD",
		"Z32T0VRHXEXS0V",
		"783225319266",
	},
	{"ap-south-1", "abc", "aps1", "ZP97RAFLXTNZK", "ZVDDRBQ08TROA", "Z11RGJOFQNVJUP", "Z2VFMSZA74J7XZ", "718504428378"},
	{"sa-east-1", "abc", "sae1", "Z2P70J7HTTTPLU", "ZTK26PT1VY4CU", "Z7KQH4QJS55SO", "ZU7BEURW5WQMN", "507241528517"},
}

// optIn are the other regions that the provider knows, those of isolated partitions left out: an account has to enable
// them, or belongs to another partition.
var optIn = []string{
	"af-south-1", "ap-east-1", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7",
	"ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1",
	"me-central-1", "me-south-1", "mx-central-1", "us-gov-east-1", "us-gov-west-1",
}

// Named returns the region, or an error that names the nearest. Like the provider, it knows those of its version.
func Named(name string) (Region, error) {
	known := slices.Clone(optIn)
	for _, r := range All {
		known = append(known, r.Name)
	}
	if slices.Contains(known, name) {
		return Of(name), nil
	}
	nearest := slices.MinFunc(known, func(a, b string) int {
		return levenshtein.Distance(name, a, nil) - levenshtein.Distance(name, b, nil)
	})
	return Region{}, fmt.Errorf("invalid AWS Region: %q; did you mean %q?", name, nearest)
}

// Of returns the region of that name, even one that is newer than the provider (skipRegionValidation). What is not in
// the table follows from the name: three zones, and identifiers that look like AWS's.
func Of(name string) Region {
	for _, r := range All {
		if r.Name == name {
			return r
		}
	}
	r := Region{Name: name, Zones: "abc", ZonePrefix: zonePrefix(name)}
	for of, zone := range map[string]*string{
		"alb": &r.ALBZone, "nlb": &r.NLBZone, "s3": &r.S3Zone, "rds": &r.RDSZone,
	} {
		*zone = "Z" + strings.ToUpper(r.Digest("zone/"+of, 13))
	}
	return r
}

// zonePrefix shortens a region's name as the ids of its zones do: apse5 for ap-southeast-5, usgw1 for us-gov-west-1.
func zonePrefix(name string) string {
	short := strings.NewReplacer("north", "n", "south", "s", "east", "e", "west", "w", "central", "c", "gov", "g")
	return strings.ReplaceAll(short.Replace(name), "-", "")
}

// Partition returns the partition of the region in ARNs.
func (r Region) Partition() string {
	switch {
	case strings.HasPrefix(r.Name, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(r.Name, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(r.Name, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

// DNSSuffix returns the domain of the region's endpoints.
func (r Region) DNSSuffix() string {
	switch r.Partition() {
	case "aws-cn":
		return "amazonaws.com.cn"
	case "aws-eusc":
		return "amazonaws.eu"
	}
	return "amazonaws.com"
}

// ZoneNames returns the availability zones' names: us-east-1a.
func (r Region) ZoneNames() []string {
	names := make([]string, len(r.Zones))
	for i, letter := range r.Zones {
		names[i] = r.Name + string(letter)
	}
	return names
}

// ZoneID returns the id of an availability zone, or "" if the region has no such zone.
func (r Region) ZoneID(name string) string {
	letter, found := strings.CutPrefix(name, r.Name)
	i := strings.Index(r.Zones, letter)
	if !found || len(letter) != 1 || i < 0 {
		return ""
	}
	return fmt.Sprintf("%s-az%d", r.ZonePrefix, i+1)
}

// ZoneByID returns the name of the availability zone with the id, or "".
func (r Region) ZoneByID(id string) string {
	for _, name := range r.ZoneNames() {
		if r.ZoneID(name) == id {
			return name
		}
	}
	return ""
}

// Part returns an identifier of something every account has in a region, such as its default VPC: always the same.
func (r Region) Part(kind string) string {
	return kind + "-" + r.Digest(kind, 17)
}

// ManagedKey returns the id of the key AWS manages for a service, in the form of a UUID.
func (r Region) ManagedKey(service string) string {
	d := r.Digest("key/"+service, 32)
	return d[:8] + "-" + d[8:12] + "-4" + d[13:16] + "-8" + d[17:20] + "-" + d[20:]
}

// KeyARN returns the ARN of a KMS key of the account by its id.
func (r Region) KeyARN(id string) string {
	return fmt.Sprintf("arn:%s:kms:%s:%s:key/%s", r.Partition(), r.Name, world.Account, id)
}

// ManagedKeyARN returns the ARN of the key AWS manages for a service.
func (r Region) ManagedKeyARN(service string) string { return r.KeyARN(r.ManagedKey(service)) }

// Digest returns hexadecimal digits that are always the same for the region and the text.
func (r Region) Digest(of string, length int) string {
	sum := sha256.Sum256([]byte(r.Name + "/" + of))
	return hex.EncodeToString(sum[:])[:length]
}

// DefaultVPC returns the id of the region's default VPC, whose addresses are 172.31.0.0/16.
func (r Region) DefaultVPC() string { return r.Part("vpc") }
