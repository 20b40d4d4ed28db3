// Catalogue of the finding codes: what each means, why it arises and what to do. docs/errors.md lists the same codes.
/** `error` refuses the change; `warning` and `info` do not. */
export type Severity = 'error' | 'warning' | 'info';

export interface CatalogueEntry {
  readonly title: string;
  readonly cause: string;
  readonly remedy: string;
  readonly severity: Severity;
}

function entry(severity: Severity, title: string, cause: string, remedy: string): CatalogueEntry {
  return { title, cause, remedy, severity };
}

/** Codes of parsing and of one resource alone: always errors. */
const ofOneResource = {
  MALHA1001: entry(
    'error',
    'The text is not YAML or JSON',
    'A syntax error, for example wrong indentation, a tab or an open bracket.',
    'Correct the line that is named.',
  ),
  MALHA1002: entry(
    'error',
    'A key appears twice',
    'One mapping has the same key more than once, so one of the values would be lost.',
    'Remove one of the two.',
  ),
  MALHA1003: entry(
    'error',
    'An alias cannot be expanded',
    'An alias refers to itself, to nothing, or expands to far too much.',
    'Write the value out instead of the alias.',
  ),
  MALHA1004: entry(
    'error',
    'The document is not a resource',
    'A document is not a mapping with apiVersion, kind, metadata and spec.',
    'Write each resource as one mapping; separate several with "---".',
  ),
  MALHA1005: entry(
    'error',
    'Unknown kind or apiVersion',
    'The mesh has no such kind, or the kind belongs to another apiVersion.',
    'Use one of the kinds and the apiVersion that the message names.',
  ),
  MALHA1006: entry(
    'error',
    'Unknown field',
    'The kind has no field of this name at this place; mostly a slip of the pen or wrong indentation.',
    'Use the nearest known field that the message names, or remove the field.',
  ),
  MALHA1007: entry('error', 'A field is missing', 'The kind requires this field.', 'Add the field.'),
  MALHA1008: entry(
    'error',
    'A value is not allowed',
    'The value has the wrong type, is out of its bounds, or breaks a rule of the kind.',
    'Give a value as the message says.',
  ),
  MALHA1009: entry(
    'error',
    'The input is too large',
    'The text, the number of documents or the nesting exceeds the bound.',
    'Apply the resources in several parts.',
  ),
  MALHA1010: entry(
    'error',
    'A resource appears twice',
    'Two documents of one input have the same kind, namespace and name.',
    'Remove one, or rename it.',
  ),
} as const satisfies Record<`MALHA1${number}`, CatalogueEntry>;

/** Codes of analysis: what resources say about each other. */
const acrossResources = {
  MALHA1020: entry(
    'error',
    'The parent service does not exist',
    'A parentRef of the route names a Service that is not in the mesh.',
    'Create the Service in the same change, or correct the name and namespace.',
  ),
  MALHA1021: entry(
    'error',
    'The parent service has no such port',
    'A parentRef names a port that the Service does not have.',
    'Use a port of the Service, or leave the port out for all of its ports.',
  ),
  MALHA1022: entry(
    'error',
    'A backend does not exist',
    'A backendRef names a Service that is not in the mesh. Its share of the requests would be answered with 500.',
    'Create the Service in the same change, or correct the name.',
  ),
  MALHA1023: entry(
    'error',
    'A version does not exist',
    'A backendRef of kind ServiceVersion names a version that its Service does not list.',
    'Add the version to spec.versions of the Service, or correct the name ("<service>-<version>").',
  ),
  MALHA1024: entry(
    'error',
    'A backend has no such port',
    'A backendRef names no port where the Service has several, or a port that the Service does not have.',
    'Set the port of the backendRef to one of the Service.',
  ),
  MALHA1025: entry(
    'error',
    'A backend of this kind cannot be used',
    'A backendRef has a group and kind other than Service and ServiceVersion.',
    'Refer to a Service, or to a ServiceVersion with group malha.dev.',
  ),
  MALHA1026: entry(
    'error',
    'A backend in another namespace is not granted',
    'A backendRef crosses a namespace, and no ReferenceGrant there allows it. Its share would be answered with 500.',
    'Create a ReferenceGrant in the namespace of the Service, or refer to one of the namespace of the route.',
  ),
  MALHA1027: entry(
    'warning',
    'The route is attached to nothing',
    'The route has no parentRef, so no request ever reaches it.',
    'Add a parentRef of kind Gateway, or of kind Service with group "".',
  ),
  MALHA1028: entry(
    'warning',
    'A parent of this kind is not served',
    'A parentRef has a kind other than Service and Gateway, or names kind Service without its group.',
    'Refer to a Gateway, or set kind: Service and group: "" in the parentRef.',
  ),
  MALHA1029: entry(
    'warning',
    'All weights are zero',
    'No backend of the rule has a weight above 0: every request of the rule is answered with 500.',
    'Give at least one backend a weight.',
  ),
  MALHA1030: entry(
    'warning',
    'A rule cannot be reached',
    'Another rule of higher precedence matches every request that this match would.',
    'Remove the match, or make it more specific than the one that the message names.',
  ),
  MALHA1031: entry(
    'error',
    'Two services claim one address',
    'Two Services have the same virtual IP.',
    'Remove virtualIP from one; the registry gives it a free one.',
  ),
  MALHA1032: entry(
    'warning',
    'Hostnames of a mesh route are ignored',
    'A route attached to a Service is chosen by the hosts of the Service, as the Gateway API asks.',
    'Remove hostnames from the route.',
  ),
  MALHA1033: entry(
    'warning',
    'A feature is not enforced yet',
    'The resource uses something that the data plane does not carry out yet.',
    'Remove it, or see in the capability table where it is enforced.',
  ),
  MALHA1034: entry(
    'warning',
    'The target of a policy does not exist',
    'targetRef names an object that is not in the namespace of the policy.',
    'Correct the name, or remove the policy.',
  ),
  MALHA1035: entry(
    'error',
    'A policy reaches beyond its namespace',
    'A policy targets another namespace, or the whole mesh from outside of malha-system.',
    'Put the policy into the namespace that it targets, or into malha-system for kind Mesh.',
  ),
  MALHA1036: entry(
    'warning',
    'A service has no workload',
    'No registered workload has the labels of the selector: calls are answered with 503.',
    'Start a workload with these labels, or correct the selector.',
  ),
  MALHA1037: entry(
    'warning',
    'A version has no workload',
    'No workload of the Service has the labels of the version.',
    'Start a workload of that version, or correct the labels.',
  ),
  MALHA1038: entry(
    'warning',
    'Two policies disagree on one target',
    'Two policies of one kind with the same target set the same field; the older one wins.',
    'Merge the two policies.',
  ),
  MALHA1039: entry(
    'warning',
    'A named port is unknown to a workload',
    'targetPort is a name that no port of the workload has; the workload gets no calls on this port.',
    'Name the port of the workload, or give targetPort as a number.',
  ),
  MALHA1040: entry(
    'warning',
    'A rule has no backend',
    'The rule has no backendRefs, redirect or DirectResponse: its requests are answered with 500.',
    'Add a backendRef.',
  ),
  MALHA1041: entry(
    'warning',
    'A policy matches no request',
    'A DENY or AUDIT policy without rules never matches.',
    'Add a rule; an empty rule "{}" matches every request.',
  ),
  MALHA1042: entry(
    'warning',
    'A rule needs identities that the port does not ask for',
    'Principals and namespaces come from mTLS; in mode DISABLE no caller has them, in PERMISSIVE plaintext callers do not.',
    'Set mode STRICT for the port, or restrict by ipBlocks.',
  ),
  MALHA1043: entry(
    'error',
    'An HTTPRoute names a port that is not HTTP',
    'The appProtocol of the port is tcp or tls, where no HTTP request can be matched.',
    'Set appProtocol to http, http2 or grpc, or refer to another port.',
  ),
  MALHA1044: entry(
    'error',
    'An extension that must not be skipped is unknown',
    'The filters ExtensionRef and ExternalAuth fail closed: every request of the rule would be answered with 500.',
    'Refer to a DirectResponse in the namespace of the route, or remove the filter.',
  ),
  MALHA1045: entry(
    'warning',
    'A workload belongs to no service',
    'No Service selects the labels of the workload, so nothing can call it by name.',
    'Give the workload the labels of a selector.',
  ),
  MALHA1046: entry(
    'warning',
    'An annotation has no usable value',
    'An annotation that the mesh reads has a value that it cannot use; the default holds.',
    'Give a value as the message says, or remove the annotation.',
  ),
  MALHA1047: entry(
    'error',
    'A route names a port of another protocol',
    'A TCPRoute carries ports with appProtocol tcp or tls, a TLSRoute those with tls; an HTTP port has HTTPRoute.',
    'Set the appProtocol of the port, or refer to another port.',
  ),
  MALHA1048: entry(
    'warning',
    'An upstream of a workload cannot be served',
    'The service or port of spec.upstreams does not exist, declares HTTP by its appProtocol, or its listen port is taken by an earlier one.',
    'Correct the entry; ports that declare HTTP are called by the host of their service at the outbound listener.',
  ),
  MALHA1049: entry(
    'warning',
    'Another route has the port already',
    'Nothing tells connections apart that several TCPRoutes, or TLSRoutes with one hostname, want: the oldest has them.',
    'Remove one of the routes, or give TLSRoutes hostnames of their own.',
  ),
  MALHA1050: entry(
    'warning',
    'A route of another kind has these requests',
    'HTTPRoutes and GRPCRoutes do not share hosts: of one Service port the GRPCRoutes count, of one Gateway listener the oldest route.',
    'Write the rules in one kind, or give the routes parents or hostnames of their own.',
  ),
  MALHA1051: entry(
    'warning',
    'A field of a rule has no effect',
    'The rule is answered by the proxy itself (DirectResponse or redirect), so that nothing reaches a backend.',
    'Remove the field, or the filter that answers.',
  ),
  MALHA1052: entry(
    'warning',
    'Countries are known only at gateways',
    'A RoutePolicy matches countries, and its route has no Gateway as a parent: a caller within the mesh has no country.',
    'Attach the route to a Gateway, or match by another property.',
  ),
  MALHA1053: entry(
    'warning',
    'A fallback has no effect on calls of gRPC',
    'A RoutePolicy of a GRPCRoute falls back to a direct response or to the last good answer.',
    'Fall back to another backend, or remove the fallback.',
  ),
  MALHA1054: entry(
    'error',
    'The direct response of a fallback does not exist',
    'responseRef of a fallback names a DirectResponse that is not in the namespace of the policy.',
    'Create the DirectResponse in the same change, or correct the name.',
  ),
  MALHA1060: entry(
    'error',
    'The parent gateway does not exist',
    'A parentRef of the route names a Gateway that is not in the mesh.',
    'Create the Gateway in the same change, or correct the name and namespace.',
  ),
  MALHA1061: entry(
    'error',
    'The parent gateway has no such listener',
    'A parentRef names a listener (sectionName) or a port that the Gateway does not have.',
    'Use the name of a listener and its port, or leave both out for all listeners.',
  ),
  MALHA1062: entry(
    'warning',
    'The listeners do not allow the route',
    'allowedRoutes of every listener that the parentRef means leaves out the namespace or the kind of the route (Gateway API: NotAllowedByListeners).',
    'Change allowedRoutes of the Gateway, or move the route.',
  ),
  MALHA1063: entry(
    'warning',
    'No listener has a hostname of the route',
    'No hostname of the route is within the hostname of a listener (Gateway API: NoMatchingListenerHostname).',
    'Give the route a hostname of the listener, or none for all of them.',
  ),
  MALHA1064: entry(
    'error',
    'A certificate in another namespace is not granted',
    'certificateRefs crosses a namespace, and no ReferenceGrant there allows it (Gateway API: RefNotPermitted). The listener is not served.',
    'Create a ReferenceGrant from Gateway to Secret in the namespace of the certificate.',
  ),
  MALHA1065: entry(
    'error',
    'A certificate of this kind cannot be used',
    'certificateRefs names a group and kind other than Secret of the core group (Gateway API: InvalidCertificateRef).',
    'Refer to kind Secret with group "".',
  ),
  MALHA1066: entry(
    'warning',
    'Two listeners of one port conflict',
    'A port has listeners of different protocols (Gateway API: ProtocolConflict); the first one keeps it.',
    'Give one of them another port.',
  ),
  MALHA1067: entry(
    'warning',
    'No workload serves the gateway',
    'No Workload of the namespace of the Gateway has the label gateway.networking.k8s.io/gateway-name with its name.',
    'Start an edge proxy: malha gateway --gateway NAMESPACE/NAME; it gives the workload this label.',
  ),
  MALHA1068: entry(
    'warning',
    'A listener allows a kind of route that it cannot take',
    'allowedRoutes.kinds has a kind that the protocol of the listener does not carry (Gateway API: InvalidRouteKinds).',
    'Remove the kind: HTTP and HTTPS take HTTPRoute and GRPCRoute, TLS takes TLSRoute and with mode Terminate TCPRoute, TCP takes TCPRoute.',
  ),
  MALHA1069: entry(
    'warning',
    'The gateway is of another class',
    'Gateways whose gatewayClassName is not "malha" are left to other controllers.',
    'Set gatewayClassName: malha, if the mesh is to serve it.',
  ),
  MALHA1070: entry(
    'error',
    'The number of trusted proxies cannot be read',
    'The annotation gateway.malha.dev/trusted-hops of a Gateway is no number of 0 to 16: what clients say in X-Forwarded-For is not believed.',
    'Write the number of your own proxies between clients and the gateway, for example "1" behind one load balancer.',
  ),
  MALHA1071: entry(
    'warning',
    'A certificate is not stored',
    'certificateRefs names a certificate that the control plane does not have: without it in the folder of the gateway, handshakes with the listener fail.',
    'Store it: malha certificates put NAMESPACE/NAME --cert FILE --key FILE, or the page Certificates; or correct the name.',
  ),
  MALHA1072: entry(
    'warning',
    'A certificate is not good for the host of the listener',
    'No alternative name of the certificate covers the hostname of the listener: clients refuse the connection.',
    'Store a certificate for that host, or correct the hostname.',
  ),
  MALHA1080: entry(
    'warning',
    'A limit asks for what is not known at its place',
    'A RateLimit of a route acts at the proxy of the caller, or at a gateway, where no caller has proved an identity.',
    'Attach the limit to the Service, or count by Address or Header.',
  ),
  MALHA1081: entry(
    'warning',
    'A limit has nothing to count',
    'The limit of connections acts on ports with appProtocol tcp or tls, and the target has none, or is a route.',
    'Give the port its appProtocol, or use limits of requests.',
  ),
  MALHA1082: entry(
    'error',
    'The service that counts global limits does not exist',
    'A limit has scope Global, and spec.global.service (ratelimit in malha-system by default) is not in the mesh.',
    'Create the Service and run "malha ratelimit" behind it, or use scope Local.',
  ),
  MALHA1083: entry(
    'warning',
    'An Envoy does not carry out all of a fault',
    'A caller of the target has a stock Envoy: a fault ends there only when the control plane takes it away, and connections are not broken off, nor requests slowed down.',
    'Limit the fault to other callers by spec.callers, or watch over it while it is at work.',
  ),
  MALHA1106: entry(
    'warning',
    'A service refuses its own protocol',
    'spec.requests.allowedProtocols leaves out what the appProtocol of a port says that it speaks: all its requests get 403.',
    'Add the protocol to the list, or correct the appProtocol of the port.',
  ),
  MALHA1107: entry(
    'warning',
    'Nothing to bound on a port of bytes',
    'spec.overload and spec.requests act on requests of HTTP and gRPC, and the target has only ports with appProtocol tcp or tls.',
    'Give the port its appProtocol, or use connection.maxConnections and limits of connections.',
  ),
} as const satisfies Record<`MALHA1${number}`, CatalogueEntry>;

/** Stable codes of findings. */
export type FindingCode = keyof typeof ofOneResource | keyof typeof acrossResources;

export const catalogue: Readonly<Record<FindingCode, CatalogueEntry>> = { ...ofOneResource, ...acrossResources };
