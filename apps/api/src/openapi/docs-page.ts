/** The page at `/docs`: Swagger UI, from the files of its package. */
import { type RequestHandler, Router } from '@holdfast/service/http';
import swaggerUi from 'swagger-ui-express';

/** Swagger UI writes styles into the page and has icons as data: URLs. Scripts only come from this server. */
const allowInlineStyles: RequestHandler = (_request, response, next) => {
  response.setHeader(
    'content-security-policy',
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
  );
  next();
};

export function docsPage(): Router {
  const router = Router();
  const options = { customSiteTitle: 'Holdfast API', swaggerOptions: { url: '/openapi.json' } };
  router.use(allowInlineStyles, swaggerUi.serve, swaggerUi.setup(undefined, options));
  return router;
}
