terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }

  # terraform init -backend-config=bucket=BUCKET, with the bucket of ../../bootstrap
  backend "gcs" {
    prefix = "stockfeed/example"
  }
}

provider "google" {
  project = var.project
  region  = var.region
}
