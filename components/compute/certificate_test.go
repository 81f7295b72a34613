package compute

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/require"
)

func TestACertificateIsProvenInItsZone(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.run(func(ctx *pulumi.Context) error {
		_, err := NewCertificate(
			ctx,
			"lab",
			&CertificateArgs{Domain: "api.example.com", ZoneId: pulumi.String("Z1"), Tags: labTags},
		)
		return err
	}))
	require.Equal(t, object{
		"domainName":              "api.example.com",
		"subjectAlternativeNames": []any{"api.example.com"},
		"validationMethod":        "DNS",
		"keyAlgorithm":            "EC_prime256v1",
		"tags":                    asTags,
	}, g.inputs(t, "lab-certificate"))
	require.Equal(t, object{
		"zoneId":         "Z1",
		"allowOverwrite": true,
		"ttl":            60.0,
		"name":           "_proof.api.example.com",
		"type":           "CNAME",
		"records":        []any{"_proven.acm-validations.aws"},
	}, g.inputs(t, "lab-proof-api.example.com"))
	require.Equal(
		t,
		"arn:lab-certificate",
		g.inputs(t, "lab-validation")["certificateArn"],
		"nobody gets it before it is valid",
	)
}

func TestEveryNameOfACertificateIsProven(t *testing.T) {
	g := &graph{}
	require.NoError(t, g.run(func(ctx *pulumi.Context) error {
		_, err := NewCertificate(ctx, "lab", &CertificateArgs{
			Domain: "api.example.com",
			Names:  []string{"*.shop.example.com", "pay.example.com", "shop.example.com"},
			ZoneId: pulumi.String("Z1"),
		})
		return err
	}))
	require.Equal(t, []any{"api.example.com", "*.shop.example.com", "pay.example.com", "shop.example.com"},
		g.inputs(t, "lab-certificate")["subjectAlternativeNames"])
	for _, name := range []string{"api.example.com", "pay.example.com", "shop.example.com"} {
		require.Equal(t, "_proof."+name, g.inputs(t, "lab-proof-"+name)["name"])
	}
	require.Len(t, g.inputs(t, "lab-validation")["validationRecordFqdns"], 3, "one for a name and all below it")
}

func TestWhatACertificateRefuses(t *testing.T) {
	long := strings.Repeat("a", 53) + ".example.com"
	for name, test := range map[string]struct {
		args *CertificateArgs
		want string
	}{
		"nothing":   {nil, "Domain, ZoneId: missing"},
		"no domain": {&CertificateArgs{ZoneId: pulumi.String("Z1")}, "Domain, ZoneId: missing"},
		"no zone":   {&CertificateArgs{Domain: "api.example.com"}, "Domain, ZoneId: missing"},
		"a long domain": {
			&CertificateArgs{Domain: long, ZoneId: pulumi.String("Z1")},
			`Domain: "` + long + `"; use at most 64 characters`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := &graph{}
			require.ErrorContains(t, g.run(func(ctx *pulumi.Context) error {
				_, err := NewCertificate(ctx, "lab", test.args)
				return err
			}), test.want)
			require.Empty(t, g.resources, "nothing is registered")
		})
	}
}
