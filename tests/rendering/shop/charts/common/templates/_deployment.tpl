{{- define "common.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
spec:
  selector:
    matchLabels: {app: {{ .name }}}
  template:
    metadata:
      labels: {app: {{ .name }}}
    spec:
      {{- if .hostNetwork }}
      hostNetwork: true
      {{- end }}
      containers:
      - name: {{ .name }}
        image: {{ .image }}
        {{- if .command }}
        command: {{ toJson .command }}
        {{- end }}
        imagePullPolicy: Always
{{- end -}}
