{{- define "stockfeed-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The release's name, with the chart's where it is not part of it already. */}}
{{- define "stockfeed-operator.fullname" -}}
{{- $name := include "stockfeed-operator.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Of the labels, those that never change: a Deployment's selector can't. */}}
{{- define "stockfeed-operator.selectorLabels" -}}
app.kubernetes.io/name: stockfeed
app.kubernetes.io/component: operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "stockfeed-operator.labels" -}}
{{ include "stockfeed-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "stockfeed-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "stockfeed-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is empty, and serviceAccount.create is false: name the account that the operator is to run as." .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "stockfeed-operator.leaseName" -}}
{{- default (include "stockfeed-operator.fullname" .) .Values.leaseName -}}
{{- end -}}

{{- define "stockfeed-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}
