// Package acm stands in for certificates: the records that prove a domain, and that a certificate is issued once they
// exist.
package acm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/awslab/awslab/automation/offline/internal/aws/region"
	"github.com/awslab/awslab/automation/offline/internal/aws/token"
	"github.com/awslab/awslab/automation/offline/internal/bridge"
	"github.com/awslab/awslab/automation/offline/internal/diff"
	"github.com/awslab/awslab/automation/offline/internal/values"
	"github.com/awslab/awslab/internal/limits"
)

// Service is the package as the table of services lists it.
var Service = bridge.Service{
	Module: "acm", Name: "ACM",
	Behaviors: map[string]bridge.Behavior{
		token.Certificate:    {Preview: previewCertificate, Diff: diffCertificate, Create: createCertificate},
		token.CertValidation: {Create: createValidation, Created: issue},
	},
	Functions: map[string]func(bridge.Call) (map[string]any, error){
		"aws:acm/getCertificate:getCertificate": getCertificate,
	},
}

// DomainsOf returns the names of a certificate, its own first.
func DomainsOf(inputs values.View) []string {
	domains := []string{inputs.Str("domainName")}
	for _, name := range inputs.Strings("subjectAlternativeNames") {
		if !slices.Contains(domains, name) {
			domains = append(domains, name)
		}
	}
	return domains
}

func createCertificate(c *bridge.Change) error {
	if !c.Inputs.Has("domainName") {
		c.Set("type", "IMPORTED")
		c.Set("status", "ISSUED")
		return nil
	}
	domains := DomainsOf(c.Inputs)
	c.Set("subjectAlternativeNames", values.ToAny(domains))
	switch {
	case c.Inputs.Has("certificateAuthorityArn"):
		c.Set("type", "PRIVATE")
		c.Set("status", "ISSUED")
		return nil
	case !c.Inputs.Has("validationMethod"):
		return errors.New(
			"\"certificate_authority_arn\": one of `certificate_authority_arn,validation_method` must be specified",
		)
	}
	if len(domains[0]) > limits.CertificateName {
		return bridge.Refuse(
			"ValidationException",
			"The first domain name can be a maximum of %d characters: %s has %d",
			limits.CertificateName,
			domains[0],
			len(domains[0]),
		)
	}
	c.Set("type", "AMAZON_ISSUED")
	c.Set("status", "PENDING_VALIDATION")
	if c.Inputs.Str("validationMethod") == "DNS" {
		c.Set("domainValidationOptions", validationRecords(domains))
	}
	return nil
}

// diffCertificate does not count the certificate's own name among its alternative names.
func diffCertificate(d *diff.Difference) error {
	own := d.News.Str("domainName")
	besides := func(inputs values.View) []string {
		names := slices.DeleteFunc(
			inputs.Strings("subjectAlternativeNames"),
			func(name string) bool { return name == own },
		)
		slices.Sort(names)
		return names
	}
	if !d.News.Unknown("subjectAlternativeNames") && len(d.Olds.List("subjectAlternativeNames")) > 0 &&
		d.News.Has("subjectAlternativeNames") && slices.Equal(besides(d.Olds), besides(d.News)) {
		d.Drop("subjectAlternativeNames")
	}
	return nil
}

// validationRecords makes the records that prove who owns the domains. A wildcard shares the record of its domain.
func validationRecords(domains []string) []any {
	digest := func(of string, length int) string { return region.Region{Name: of}.Digest("validation", length) }
	records := []any{}
	for _, domain := range domains {
		apex := strings.TrimPrefix(domain, "*.")
		value := "_" + digest("value/"+apex, 32) + "." + digest("zone/"+apex, 10)
		records = append(records, map[string]any{
			"domainName":          domain,
			"resourceRecordName":  "_" + digest(apex, 32) + "." + apex + ".",
			"resourceRecordType":  "CNAME",
			"resourceRecordValue": value + ".acm-validations.aws.",
		})
	}
	return records
}

// previewCertificate tells how many validation records there will be, though not what they say, so that a program can
// loop over them.
func previewCertificate(inputs values.View, planned resource.PropertyMap) {
	if inputs.Str("validationMethod") != "DNS" || !inputs.Has("domainName") ||
		inputs.Unknown("subjectAlternativeNames") {
		return
	}
	var options []resource.PropertyValue
	for _, domain := range DomainsOf(inputs) {
		options = append(options, resource.NewProperty(resource.PropertyMap{
			"domainName":          resource.NewProperty(domain),
			"resourceRecordName":  values.Unknown,
			"resourceRecordType":  values.Unknown,
			"resourceRecordValue": values.Unknown,
		}))
	}
	planned["domainValidationOptions"] = resource.NewProperty(options)
}

// createValidation refuses to wait for a certificate whose records the program does not name.
func createValidation(c *bridge.Change) error {
	certificate := c.Target("certificateArn")
	if certificate == nil {
		return nil
	}
	state := bridge.StateOf(certificate)
	if kind := state.Str("type"); kind != "AMAZON_ISSUED" {
		return errors.New("Certificate " + certificate.ARN + " has type " + kind + ", no validation necessary")
	}
	given := c.Inputs.Strings("validationRecordFqdns")
	for i := range given {
		given[i] = strings.TrimSuffix(given[i], ".")
	}
	for _, option := range state.Objects("domainValidationOptions") {
		record := strings.TrimSuffix(option.Str("resourceRecordName"), ".")
		if len(given) > 0 && !slices.Contains(given, record) {
			return errors.New("missing validation record: " + record + " for " + option.Str("domainName"))
		}
	}
	return nil
}

// issue issues the certificate that was validated.
func issue(c *bridge.Change) error {
	certificate := c.Target("certificateArn")
	if certificate == nil {
		return nil
	}
	values.Set(certificate.State, "status", values.Of("ISSUED"))
	links, err := c.Tx.Links(certificate)
	if err != nil {
		return err
	}
	return c.Tx.Put(certificate, links)
}

func getCertificate(c bridge.Call) (map[string]any, error) {
	things, err := c.Here(token.Certificate)
	if err != nil {
		return nil, err
	}
	statuses := c.Args.Strings("statuses")
	if len(statuses) == 0 {
		statuses = []string{"ISSUED"}
	}
	for _, thing := range slices.Backward(things) {
		state := bridge.StateOf(thing)
		if state.Str("domainName") == c.Args.Str("domain") && slices.Contains(statuses, state.Str("status")) {
			return map[string]any{
				"id":               thing.ARN,
				"arn":              thing.ARN,
				"status":           state.Str("status"),
				"certificate":      "",
				"certificateChain": "",
				"domain":           state.Str("domainName"),
				"tags":             map[string]any{},
			}, nil
		}
	}
	return nil, fmt.Errorf(
		"no certificate for domain %q found in %s with status %s",
		c.Args.Str("domain"),
		c.Region().Name,
		strings.Join(statuses, " or "),
	)
}
