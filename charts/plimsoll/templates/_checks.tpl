{{/* What a schema cannot say. Included by the Deployment. */}}
{{- define "plimsoll.checks" -}}
{{- if and (eq .Values.webhooks.failurePolicy "Fail") (lt (int (include "plimsoll.replicas" .)) 2) -}}
{{- fail "webhooks.failurePolicy: Fail needs two replicas or more: with one, no pod can be created whenever that one is replaced. Set replicaCount (or autoscaling.minReplicas) to 2, or failurePolicy to Ignore." -}}
{{- end -}}
{{- if gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas) -}}
{{- fail "autoscaling.minReplicas: it is above autoscaling.maxReplicas" -}}
{{- end -}}
{{- if eq (int .Values.ports.webhook) (int .Values.ports.admin) -}}
{{- fail "ports.admin: it is the same as ports.webhook; they need ports of their own" -}}
{{- end -}}
{{- /* On an install too: those that an uninstalled release has left are not replaced either. */ -}}
{{- if .Values.crds.check -}}
{{- range $path, $_ := .Files.Glob "crds/*.yaml" -}}
{{- $wanted := fromYaml ($.Files.Get $path) -}}
{{- $found := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" $wanted.metadata.name -}}
{{- if $found -}}
{{- range $version := $wanted.spec.versions -}}
{{- $same := false -}}
{{- range $found.spec.versions -}}
{{- if and (eq .name $version.name) (eq (toJson .schema) (toJson $version.schema)) -}}
{{- $same = true -}}
{{- end -}}
{{- end -}}
{{- if not $same -}}
{{- fail (printf "the CustomResourceDefinition %s in the cluster is not this chart's, and Helm does not upgrade it. Do that first: `helm show crds <chart> --version %s | kubectl apply --server-side --force-conflicts -f -`. (crds.check: false goes on without; fields the cluster's does not know are then dropped from policies.)" $wanted.metadata.name $.Chart.Version) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
