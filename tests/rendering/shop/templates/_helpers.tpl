{{/*
The name, cut at 63 characters: {{ not an action }}, "nor a quotation
*/}}
{{- define "shop.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "shop.labels" -}}
app.kubernetes.io/name: {{ include "shop.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- if .Chart.AppVersion }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "shop.debug" -}}
{{- if .Values.debug -}}
true
{{- else -}}
false
{{- end -}}
{{- end -}}

{{- define "shop.sidecar" -}}
- name: proxy
  image: envoy:latest
  {{- if eq (include "shop.debug" .) "true" }}
  args: [--log-level, debug]
  {{- end }}
  ports:
  - containerPort: 9901
{{- end }}
