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

{{/*
Groups of rules, as every Prometheus has them. What is in files/alerts.yaml for Prometheus to fill in, as
{{ $labels.feed }}, is text here and stays as it is.
- root: the release
- job: the label by which the operator's metrics are found among those of other releases; empty where it is not known
*/}}
{{- define "stockfeed-operator.alertGroups" -}}
{{- $root := .root -}}
{{- $operator := "" -}}
{{- if .job -}}
{{- $operator = printf "namespace=%q,job=%q" $root.Release.Namespace .job -}}
{{- end -}}
{{- $rules := list -}}
{{- range ($root.Files.Get "files/alerts.yaml" | fromYaml).rules -}}
{{- $values := index $root.Values.alerts.rules .alert -}}
{{- if $values.enabled -}}
{{- $expr := .expr | replace "$operator" $operator -}}
{{- if hasKey $values "threshold" -}}
{{- $expr = $expr | replace "$threshold" ($values.threshold | toString) -}}
{{- end -}}
{{- $labels := dict "severity" $values.severity "namespace" $root.Release.Namespace "operator" (include "stockfeed-operator.fullname" $root) -}}
{{- if eq .of "feed" -}}
{{- $labels = dict "severity" $values.severity "namespace" "{{ reReplaceAll \"/.*\" \"\" $labels.feed }}" -}}
{{- end -}}
{{- $annotations := dict "summary" .summary "description" .description "runbook_url" (printf "%s/%s.md" (trimSuffix "/" $root.Values.alerts.runbookUrl) .alert) -}}
{{- $rules = append $rules (dict "alert" .alert "expr" $expr "for" $values.for "labels" (merge dict $root.Values.alerts.labels $labels) "annotations" $annotations) -}}
{{- end -}}
{{- end -}}
{{- $groups := $root.Values.alerts.additionalGroups -}}
{{- if $rules -}}
{{- $groups = prepend $groups (dict "name" (include "stockfeed-operator.fullname" $root) "rules" $rules) -}}
{{- end -}}
{{- $defaults := dict -}}
{{- with .interval -}}
{{- $defaults = dict "interval" . -}}
{{- end -}}
groups:
{{- range $groups }}
  - {{- toYaml (merge dict . $defaults) | nindent 4 }}
{{- end }}
{{- end -}}
