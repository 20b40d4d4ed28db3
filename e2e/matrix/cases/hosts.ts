// Which service a host means: names, ports, case, virtual addresses, protocols that are no HTTP.
import { ask, resource, route, to } from '../src/authoring.ts';
import type { MatrixCase, Section } from '../src/case.ts';

const TWO_PORTS = resource(
  'Service',
  'reviews',
  `{selector: {app: reviews, version: v1}, ports: [{name: http, port: 80, targetPort: 8080}, {name: admin, port: 81, targetPort: 8081}]}`,
);
const OTHER_PORT = resource(
  'Service',
  'reviews',
  '{selector: {app: reviews, version: v1}, ports: [{port: 9080, targetPort: 8080}]}',
);
const NO_DEFAULT = resource(
  'Service',
  'reviews',
  '{selector: {app: reviews, version: v1}, ports: [{port: 8001, targetPort: 8080}, {port: 8002, targetPort: 8081}]}',
);
const VIRTUAL_IP = resource(
  'Service',
  'reviews',
  '{selector: {app: reviews, version: v1}, virtualIP: 127.96.0.7, ports: [{port: 80, targetPort: 8080}]}',
);
const TCP = resource(
  'Service',
  'reviews',
  '{selector: {app: reviews}, ports: [{port: 80, targetPort: 8080, appProtocol: tcp}]}',
);
const NAMESAKE = resource(
  'Service',
  'archive',
  '{selector: {app: reviews, version: v2}, ports: [{port: 80, targetPort: 8080}]}',
);
const ROUTE = route('one', `[{${to('v1')}}]`);
const HOSTNAMES = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: named, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: reviews}]
  hostnames: [shop.example.com]
  rules: [{${to('v3')}}]
`;

const at = (name: string, resources: string, host: string, answer: string | number): MatrixCase => ({
  name,
  resources,
  exchanges: [ask('/', answer, { host })],
});

const HIT = 'reviews-v1';
const MISS = 404;

export const hosts: Section = {
  name: 'hosts',
  cases: [
    at('host: the bare name in the own namespace', ROUTE, 'reviews', HIT),
    at('host: with namespace', ROUTE, 'reviews.shop', HIT),
    at('host: with namespace and suffix', ROUTE, 'reviews.shop.mesh', HIT),
    at('host: with the port of the service', ROUTE, 'reviews:80', HIT),
    at('host: all of it', ROUTE, 'reviews.shop.mesh:80', HIT),
    at('host: another port than the service has', ROUTE, 'reviews:81', MISS),
    at('host: case does not matter', ROUTE, 'REVIEWS.Shop.MESH', HIT),
    at('host: another namespace has no such service', ROUTE, 'reviews.other', MISS),
    at('host: a bare name is not looked up in other namespaces', ROUTE, 'archive', MISS),
    at('host: a service of another namespace by its full name', ROUTE, 'archive.other', 'archive'),
    at('host: a service of another namespace with suffix and port', ROUTE, 'archive.other.mesh:80', 'archive'),
    at('host: one that nobody has', ROUTE, 'nobody', MISS),
    at('host: one that only ends like a service', ROUTE, 'my.reviews.shop', MISS),
    at('host: one that only begins like a service', ROUTE, 'reviews.shop.mesh.example.com', MISS),
    at('host: a name of both namespaces is the own one when bare', NAMESAKE, 'archive', 'reviews-v2'),
    at('host: a name of both namespaces with the other namespace', NAMESAKE, 'archive.other', 'archive'),
    at('ports: the second one by its number', TWO_PORTS, 'reviews:81', 'reviews-v1:8081'),
    at('ports: 80 is meant when the service has it', TWO_PORTS, 'reviews', HIT),
    at('ports: the only one is meant whatever its number', OTHER_PORT, 'reviews', HIT),
    at('ports: the only one by its number', OTHER_PORT, 'reviews:9080', HIT),
    at('ports: 80 is not the only one', OTHER_PORT, 'reviews:80', MISS),
    at('ports: several and no 80, so one must be named', NO_DEFAULT, 'reviews', MISS),
    at('ports: several and no 80, the first named', NO_DEFAULT, 'reviews:8001', HIT),
    at('ports: several and no 80, the second named', NO_DEFAULT, 'reviews:8002', 'reviews-v1:8081'),
    at('virtual address: without port', VIRTUAL_IP, '127.96.0.7', HIT),
    at('virtual address: with port', VIRTUAL_IP, '127.96.0.7:80', HIT),
    at('virtual address: of nobody', VIRTUAL_IP, '127.96.0.8', MISS),
    at('a port of another protocol takes no HTTP', TCP, 'reviews', MISS),
    at('hostnames of a mesh route change nothing: by the name of the service', HOSTNAMES, 'reviews', 'reviews-v3'),
    at('hostnames of a mesh route change nothing: by the hostname', HOSTNAMES, 'shop.example.com', MISS),
    {
      name: 'the host arrives as it was sent',
      resources: ROUTE,
      exchanges: ['reviews', 'reviews.shop:80', 'reviews.shop.mesh'].map((host) =>
        ask('/', HIT, { host, expect: { saw: { host } } }),
      ),
    },
  ],
};
