export { RouteEditorPage } from './editor/route-editor-page.tsx';
export { RoutesPage } from './list/routes-page.tsx';
