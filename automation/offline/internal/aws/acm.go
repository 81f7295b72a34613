package aws

import (
	"errors"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// acmService is what ACM does beyond its models.
var acmService = service{
	module: "acm", name: "ACM",
	behaviors: map[string]behavior{
		tCertificate:    {preview: previewCertificate, diff: diffCertificate, create: createCertificate},
		tCertValidation: {create: createValidation, created: issue},
	},
	functions: map[string]func(call) (map[string]any, error){
		"aws:acm/getCertificate:getCertificate": getCertificate,
	},
}

// domainsOf returns the names of a certificate, its own first.
func domainsOf(inputs view) []string {
	domains := []string{inputs.str("domainName")}
	for _, name := range inputs.strings("subjectAlternativeNames") {
		if !slices.Contains(domains, name) {
			domains = append(domains, name)
		}
	}
	return domains
}

func createCertificate(c *change) error {
	if !c.inputs.has("domainName") {
		c.set("type", "IMPORTED")
		c.set("status", "ISSUED")
		return nil
	}
	domains := domainsOf(c.inputs)
	c.set("subjectAlternativeNames", toAny(domains))
	switch {
	case c.inputs.has("certificateAuthorityArn"):
		c.set("type", "PRIVATE")
		c.set("status", "ISSUED")
		return nil
	case !c.inputs.has("validationMethod"):
		return errors.New("\"certificate_authority_arn\": one of `certificate_authority_arn,validation_method` must be specified")
	}
	c.set("type", "AMAZON_ISSUED")
	c.set("status", "PENDING_VALIDATION")
	if c.inputs.str("validationMethod") == "DNS" {
		c.set("domainValidationOptions", validationRecords(domains))
	}
	return nil
}

// diffCertificate does not count the certificate's own name among its alternative names.
func diffCertificate(d *difference) error {
	own := d.news.str("domainName")
	besides := func(inputs view) []string {
		names := slices.DeleteFunc(inputs.strings("subjectAlternativeNames"), func(name string) bool { return name == own })
		slices.Sort(names)
		return names
	}
	if !d.news.unknown("subjectAlternativeNames") && len(d.olds.list("subjectAlternativeNames")) > 0 &&
		d.news.has("subjectAlternativeNames") && slices.Equal(besides(d.olds), besides(d.news)) {
		d.drop("subjectAlternativeNames")
	}
	return nil
}

// validationRecords makes the records that prove who owns the domains. A wildcard shares the record of its domain.
func validationRecords(domains []string) []any {
	digest := func(of string, length int) string { return Region{Name: of}.digest("validation", length) }
	records := []any{}
	for _, domain := range domains {
		apex := strings.TrimPrefix(domain, "*.")
		records = append(records, map[string]any{
			"domainName":          domain,
			"resourceRecordName":  "_" + digest(apex, 32) + "." + apex + ".",
			"resourceRecordType":  "CNAME",
			"resourceRecordValue": "_" + digest("value/"+apex, 32) + "." + digest("zone/"+apex, 10) + ".acm-validations.aws.",
		})
	}
	return records
}

// previewCertificate tells how many validation records there will be, though not what they say, so that a program can
// loop over them.
func previewCertificate(inputs view, planned resource.PropertyMap) {
	if inputs.str("validationMethod") != "DNS" || !inputs.has("domainName") || inputs.unknown("subjectAlternativeNames") {
		return
	}
	var options []resource.PropertyValue
	for _, domain := range domainsOf(inputs) {
		options = append(options, resource.NewProperty(resource.PropertyMap{
			"domainName": resource.NewProperty(domain), "resourceRecordName": unknown, "resourceRecordType": unknown,
			"resourceRecordValue": unknown,
		}))
	}
	planned["domainValidationOptions"] = resource.NewProperty(options)
}

// createValidation refuses to wait for a certificate whose records the program does not name.
func createValidation(c *change) error {
	certificate := c.target("certificateArn")
	if certificate == nil {
		return nil
	}
	state := stateOf(certificate)
	if kind := state.str("type"); kind != "AMAZON_ISSUED" {
		return errors.New("Certificate " + certificate.ARN + " has type " + kind + ", no validation necessary")
	}
	given := c.inputs.strings("validationRecordFqdns")
	for i := range given {
		given[i] = strings.TrimSuffix(given[i], ".")
	}
	for _, option := range state.objects("domainValidationOptions") {
		record := strings.TrimSuffix(option.str("resourceRecordName"), ".")
		if len(given) > 0 && !slices.Contains(given, record) {
			return errors.New("missing validation record: " + record + " for " + option.str("domainName"))
		}
	}
	return nil
}

// issue issues the certificate that was validated.
func issue(c *change) error {
	certificate := c.target("certificateArn")
	if certificate == nil {
		return nil
	}
	set(certificate.State, "status", property("ISSUED"))
	links, err := c.tx.Links(certificate)
	if err != nil {
		return err
	}
	return c.tx.Put(certificate, links)
}
