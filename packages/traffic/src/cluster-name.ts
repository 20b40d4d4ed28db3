// The name of a cluster, which configuration and limits have in common.

/** `outbound|<port>|<version or empty>|<service>.<namespace>` */
export type ClusterName = string & { readonly __brand: 'ClusterName' };
