//! Store, certificates, SSH, provisioning and life cycle of machines that run Docker.
