package compute

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/awslab/awslab/internal/limits"
	"github.com/awslab/awslab/internal/problem"
)

// CertificateArgs describe a certificate that is issued by ACM and renewed as long as its record is in the zone.
type CertificateArgs struct {
	Domain string
	// Names are further names that it is for, at most 9 (ACM quotas), which may begin with *.
	Names []string
	// ZoneId is the Route 53 hosted zone that all of them are in; see [LookupZone].
	ZoneId pulumi.StringInput
	Tags   map[string]string
}

// Certificate is a certificate that has been issued. Its type token is awslab:compute:Certificate.
type Certificate struct {
	pulumi.ResourceState

	// Arn becomes known once the certificate is valid.
	Arn pulumi.StringOutput `pulumi:"arn"`
}

// LookupZone finds the id of a public Route 53 hosted zone by its name.
func LookupZone(ctx *pulumi.Context, name string, opts ...pulumi.InvokeOption) (string, error) {
	private := false
	zone, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: &name, PrivateZone: &private}, opts...)
	if err != nil {
		return "", fmt.Errorf("finding hosted zone %s: %w", name, err)
	}
	return zone.ZoneId, nil
}

// NewCertificate creates a certificate and the record that proves whose the domain is.
func NewCertificate(
	ctx *pulumi.Context,
	name string,
	args *CertificateArgs,
	opts ...pulumi.ResourceOption,
) (*Certificate, error) {
	if args == nil || args.Domain == "" || args.ZoneId == nil {
		return nil, fmt.Errorf("certificate %q: %w", name, errors.New("Domain, ZoneId: missing"))
	}
	if len(args.Domain) > limits.CertificateName {
		err := problem.New("Domain", "%q; use at most %d characters", args.Domain, limits.CertificateName)
		return nil, fmt.Errorf("certificate %q: %w", name, err)
	}
	component := &Certificate{}
	if err := ctx.RegisterComponentResource("awslab:compute:Certificate", name, component, opts...); err != nil {
		return nil, fmt.Errorf("registering certificate %q: %w", name, err)
	}
	certificate, err := acm.NewCertificate(ctx, name+"-certificate", &acm.CertificateArgs{
		DomainName: pulumi.String(args.Domain),
		// ACM counts the domain among them. Without any the provider would keep those of before.
		SubjectAlternativeNames: pulumi.ToStringArray(append([]string{args.Domain}, args.Names...)),
		ValidationMethod:        pulumi.String("DNS"),
		KeyAlgorithm:            pulumi.String("EC_prime256v1"),
		Tags:                    pulumi.ToStringMap(args.Tags),
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("requesting certificate %q: %w", name, err)
	}
	proofs, err := component.newProofs(ctx, name, args, certificate)
	if err != nil {
		return nil, err
	}
	valid, err := acm.NewCertificateValidation(ctx, name+"-validation", &acm.CertificateValidationArgs{
		CertificateArn:        certificate.Arn,
		ValidationRecordFqdns: proofs,
	}, pulumi.Parent(component))
	if err != nil {
		return nil, fmt.Errorf("waiting for certificate %q: %w", name, err)
	}
	component.Arn = valid.CertificateArn
	if err := ctx.RegisterResourceOutputs(component, pulumi.Map{"arn": component.Arn}); err != nil {
		return nil, fmt.Errorf("registering outputs of certificate %q: %w", name, err)
	}
	return component, nil
}

// newProofs creates the records that prove whose the names are, and returns what they are called. A name that begins
// with *. is proven by the record of the name after it. The resources are named after the names: ACM proves one always
// by the same record, which another resource would delete with itself when the name is not the Domain any more.
func (component *Certificate) newProofs(
	ctx *pulumi.Context,
	name string,
	args *CertificateArgs,
	certificate *acm.Certificate,
) (pulumi.StringArray, error) {
	var all []string
	for _, one := range append([]string{args.Domain}, args.Names...) {
		if proven := strings.TrimPrefix(one, "*."); !slices.Contains(all, proven) {
			all = append(all, proven)
		}
	}
	var names pulumi.StringArray
	for _, proven := range slices.Sorted(slices.Values(all)) {
		proof := certificate.DomainValidationOptions.Index(pulumi.Int(0))
		if len(all) > 1 {
			proof = optionOf(certificate, proven)
		}
		opts := []pulumi.ResourceOption{pulumi.Parent(component)}
		if proven == all[0] {
			opts = append(opts, formerly(name+"-proof"))
		}
		record, err := route53.NewRecord(ctx, name+"-proof-"+proven, &route53.RecordArgs{
			ZoneId:         args.ZoneId,
			AllowOverwrite: pulumi.Bool(true),
			Ttl:            pulumi.Int(60),
			Name:           proof.ResourceRecordName().Elem(),
			Type:           proof.ResourceRecordType().Elem(),
			Records:        pulumi.StringArray{proof.ResourceRecordValue().Elem()},
		}, opts...)
		if err != nil {
			return nil, fmt.Errorf("proving %s of certificate %q: %w", proven, name, err)
		}
		names = append(names, record.Fqdn)
	}
	return names, nil
}

// optionOf returns how a name is proven. ACM lists the names in no order.
func optionOf(certificate *acm.Certificate, name string) acm.CertificateDomainValidationOptionOutput {
	return certificate.DomainValidationOptions.ApplyT(
		func(options []acm.CertificateDomainValidationOption) (acm.CertificateDomainValidationOption, error) {
			for _, option := range options {
				if option.DomainName != nil && strings.TrimPrefix(*option.DomainName, "*.") == name {
					return option, nil
				}
			}
			return acm.CertificateDomainValidationOption{}, fmt.Errorf("ACM does not say how to prove %s", name)
		},
	).(acm.CertificateDomainValidationOptionOutput)
}
