{{/* The name of all objects. Short enough for a Service. */}}
{{- define "plimsoll.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What pods are selected by: never changes, because a Deployment's selector cannot. */}}
{{- define "plimsoll.selectorLabels" -}}
app.kubernetes.io/name: plimsoll
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of everything. The chart's own win: what is selected by them must find what it looks for. */}}
{{- define "plimsoll.labels" -}}
{{- $own := include "plimsoll.selectorLabels" . | fromYaml -}}
{{- $own = merge $own (dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service) -}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end -}}

{{/* Labels that no upgrade changes, for what the server makes again as it was when somebody deletes it. It owns the
labels then, and Helm, which applies on the server's side, would meet a conflict over each that it wants different. */}}
{{- define "plimsoll.lastingLabels" -}}
{{- include "plimsoll.selectorLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* Labels of pods: without the chart's version, so that a chart that changes nothing for pods replaces none. */}}
{{- define "plimsoll.podLabels" -}}
{{- $own := include "plimsoll.selectorLabels" . | fromYaml -}}
{{- $own = merge $own (dict "app.kubernetes.io/version" .Chart.AppVersion) -}}
{{- toYaml (merge $own .Values.podLabels .Values.commonLabels) -}}
{{- end -}}

{{/* Labels of an object that has more of its own: call with (list . labels). */}}
{{- define "plimsoll.labelsWith" -}}
{{- toYaml (merge (include "plimsoll.labels" (index . 0) | fromYaml) (index . 1)) -}}
{{- end -}}

{{- define "plimsoll.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "plimsoll.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: say which ServiceAccount to use, or set serviceAccount.create to true" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "plimsoll.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- .Values.image.repository }}:{{ $tag }}{{ with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* The Secret that is mounted, where certificates are files. */}}
{{- define "plimsoll.tlsSecretName" -}}
{{- if eq .Values.certificates.mode "files" -}}
{{- required "certificates.files.secretName: name the Secret that holds tls.crt, tls.key and ca.crt" .Values.certificates.files.secretName -}}
{{- else -}}
{{- include "plimsoll.fullname" . }}-tls
{{- end -}}
{{- end -}}

{{/* What cert-manager's injector reads. */}}
{{- define "plimsoll.webhookAnnotations" -}}
{{- if eq .Values.certificates.mode "certManager" -}}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "plimsoll.fullname" . }}-tls
{{- end -}}
{{- end -}}

{{/* "true" where something of Prometheus' operator is wanted: call with (list . "true|false|auto"). */}}
{{- define "plimsoll.monitored" -}}
{{- $root := index . 0 -}}
{{- $enabled := index . 1 | toString -}}
{{- if or (eq $enabled "true") (and (eq $enabled "auto") ($root.Capabilities.APIVersions.Has "monitoring.coreos.com/v1")) -}}
true
{{- end -}}
{{- end -}}

{{/* How many replicas there are at least. */}}
{{- define "plimsoll.replicas" -}}
{{- if .Values.autoscaling.enabled }}{{ .Values.autoscaling.minReplicas }}{{ else }}{{ .Values.replicaCount }}{{ end -}}
{{- end -}}

{{/* The policies of the profile, as a YAML list under `items`. */}}
{{- define "plimsoll.profilePolicies" -}}
{{- $items := list -}}
{{- $names := list -}}
{{- $exclude := .Values.policies.exclude -}}
{{- range $path, $_ := .Files.Glob (printf "policies/%s/*.yaml" .Values.policies.profile) -}}
{{- range splitList "\n---\n" ($.Files.Get $path) -}}
{{- $policy := fromYaml . -}}
{{- $names = append $names $policy.metadata.name -}}
{{- if not (has $policy.metadata.name $exclude) -}}
{{- $items = append $items $policy -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $exclude -}}
{{- if not (has . $names) -}}
{{- fail (printf "policies.exclude: profile %s has no policy %s; it has: %s" $.Values.policies.profile . (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "items" $items) -}}
{{- end -}}

{{/* The name of the audits' objects. A CronJob's has 52 characters at most, because its Jobs' names are longer. */}}
{{- define "plimsoll.auditName" -}}
{{- include "plimsoll.fullname" . | trunc 46 | trimSuffix "-" }}-audit
{{- end -}}

{{- define "plimsoll.auditAccount" -}}
{{- default (include "plimsoll.auditName" .) .Values.audit.serviceAccount.name -}}
{{- end -}}

{{/* What the pods of audits are told by. Not the webhook's labels: its Service would send reviews to them. */}}
{{- define "plimsoll.auditSelector" -}}
app.kubernetes.io/name: plimsoll-audit
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "plimsoll.auditPodLabels" -}}
{{- $own := include "plimsoll.auditSelector" . | fromYaml -}}
{{- $own = merge $own (dict "app.kubernetes.io/version" .Chart.AppVersion) -}}
{{- toYaml (merge $own .Values.commonLabels) -}}
{{- end -}}

{{/* Annotations of the pods. Registries are read when a replica starts, so another configuration makes other pods. */}}
{{- define "plimsoll.podAnnotations" -}}
{{- with .Values.podAnnotations }}
{{- toYaml . }}
{{ end }}
{{- with .Values.registries.config -}}
plimsoll.dev/registries: {{ toYaml . | sha256sum | trunc 16 | quote }}
{{- end }}
{{- end -}}
